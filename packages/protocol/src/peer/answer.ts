import * as E from 'fp-ts/lib/Either.js'
import {
  type ClusterId,
  equalBuckets,
  type Hmac,
  type HsmId,
  type KeyEntry,
  type KeyHandle,
  type KeyTable,
  leafOf,
} from '@hsmlab/domain'
import {
  decodeDigest,
  decodeHandles,
  decodeListRequest,
  encodeBuckets,
  encodeEntry,
  encodeFetched,
  encodeListing,
  LISTED_SIZE,
  type Listed,
  type ListRequest,
} from './bodies.ts'
import { openPeerMessage, PEER_MESSAGE_SIZE_MAX, type PeerDrop, type PeerKind, sealPeerMessage } from './envelope.ts'

/** The HSM that answers. `isPeer` says who belongs to its membership; `hmac` is `peerHmac` of the masking key. */
export type PeerEndpoint = Readonly<{
  clusterId: ClusterId
  hsmId: HsmId
  hmac: Hmac
  isPeer: (hsmId: HsmId) => boolean
}>

/** Room for the envelope. */
const BODY_SIZE_MAX = PEER_MESSAGE_SIZE_MAX - 1_000
const LISTED_MAX = Math.floor(BODY_SIZE_MAX / LISTED_SIZE)

type Answer = Readonly<{ kind: PeerKind; body: Uint8Array }>

const compared = (table: KeyTable, body: Uint8Array): Answer | undefined => {
  const theirs = decodeDigest(body)
  if (theirs === undefined) return undefined
  const differing = table.digest().buckets.flatMap((bucket, index) => {
    const other = theirs.buckets[index]
    return other !== undefined && equalBuckets(bucket, other) ? [] : [index]
  })
  return { kind: 'compared', body: encodeBuckets(differing) }
}

const listedEntry = (entry: KeyEntry): Listed => ({
  handle: entry.handle,
  generation: entry.generation,
  leaf: leafOf(entry),
})

/** One more than a page holds, so that `more` is known. */
const listingAfter = (table: KeyTable, { buckets, after }: ListRequest): ReadonlyArray<Listed> => {
  const listed: Listed[] = []
  for (const bucket of buckets) {
    if (bucket < after.bucket) continue
    const from = bucket === after.bucket ? after.handle : 0
    const entries = [...table.bucket(bucket)].filter(({ handle }) => handle > from)
    listed.push(...entries.sort((a, b) => a.handle - b.handle).map(listedEntry))
    if (listed.length > LISTED_MAX) return listed
  }
  return listed
}

const listed = (table: KeyTable, body: Uint8Array): Answer | undefined => {
  const request = decodeListRequest(body)
  if (request === undefined) return undefined
  const all = listingAfter(table, request)
  return {
    kind: 'listed',
    body: encodeListing({ listed: all.slice(0, LISTED_MAX), more: all.length > LISTED_MAX }),
  }
}

const fetched = (table: KeyTable, body: Uint8Array): Answer | undefined => {
  const handles = decodeHandles(body)
  if (handles === undefined) return undefined
  const { answered, entries } = asManyAsFit(table, handles)
  return { kind: 'fetched', body: encodeFetched(answered, entries) }
}

/**
 * As many as a message holds. An entry that none could hold is passed over, so that it does not keep the others back:
 * what CloudHSM allows of label, id and shares stays far below.
 */
const asManyAsFit = (
  table: KeyTable,
  handles: ReadonlyArray<KeyHandle>,
): Readonly<{ answered: number; entries: ReadonlyArray<Uint8Array> }> => {
  const entries: Uint8Array[] = []
  let room = BODY_SIZE_MAX - 4
  for (const [answered, handle] of handles.entries()) {
    const entry = table.get(handle)
    if (entry === undefined) continue
    const bytes = encodeEntry(entry)
    const size = 4 + bytes.length
    if (size > BODY_SIZE_MAX - 4) continue
    if (size > room) return { answered, entries }
    room -= size
    entries.push(bytes)
  }
  return { answered: handles.length, entries }
}

const answerTo = (table: KeyTable, kind: PeerKind, body: Uint8Array): Answer | undefined => {
  switch (kind) {
    case 'compare':
      return compared(table, body)
    case 'list':
      return listed(table, body)
    case 'fetch':
      return fetched(table, body)
    case 'compared':
    case 'listed':
    case 'fetched':
      return undefined
  }
}

/**
 * What an HSM answers to a peer's question about its table. It keeps nothing between questions, so a question that is
 * repeated or replayed does no harm. Left: no answer; the question is dropped and counted.
 */
export const answer = (
  endpoint: PeerEndpoint,
  table: KeyTable,
  request: Uint8Array,
): E.Either<PeerDrop, Uint8Array> => {
  const { clusterId, hsmId, hmac, isPeer } = endpoint
  const opened = openPeerMessage(hmac, { clusterId, receiver: hsmId, isPeer }, request)
  if (E.isLeft(opened)) return opened
  const { sender, nonce, kind, body } = opened.right
  const reply = answerTo(table, kind, body)
  if (reply === undefined) return E.left({ _tag: 'Malformed' })
  return E.right(sealPeerMessage(hmac, { clusterId, sender: hsmId, receiver: sender, nonce, ...reply }))
}
