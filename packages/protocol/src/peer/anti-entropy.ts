import * as E from 'fp-ts/lib/Either.js'
import { equalBytes } from '@hsmlab/crypto'
import {
  bucketOf,
  type ClusterId,
  type Hmac,
  type HsmId,
  type KeyEntry,
  type KeyHandle,
  type KeyTable,
  leafOf,
} from '@hsmlab/domain'
import {
  decodeBuckets,
  decodeFetched,
  decodeListing,
  encodeDigest,
  encodeHandles,
  encodeListRequest,
  FETCH_HANDLES_MAX,
  LIST_START,
  LISTED_LEAF_SIZE,
  type Listed,
  type ListPosition,
} from './bodies.ts'
import { openPeerMessage, type PeerDrop, type PeerKind, sealPeerMessage } from './envelope.ts'

/** The HSM that asks, and the one it asks. `hmac` is `peerHmac` of the masking key. */
export type PeerLink = Readonly<{ clusterId: ClusterId; hsmId: HsmId; peer: HsmId; hmac: Hmac }>

type Stage =
  | Readonly<{ awaits: 'compared' }>
  | Readonly<{ awaits: 'listed'; buckets: ReadonlyArray<number>; after: ListPosition }>
  /** `next`: where the listing goes on once these are here; undefined: it was the last page. */
  | Readonly<{
      awaits: 'fetched'
      asked: ReadonlyArray<KeyHandle>
      waiting: ReadonlyArray<KeyHandle>
      buckets: ReadonlyArray<number>
      next: ListPosition | undefined
    }>

/** A round of anti-entropy with one peer, between a question and its answer. */
export type Round = Readonly<{ nonce: Uint8Array; stage: Stage }>

export type RoundStep =
  /** Not the answer: the round goes on waiting. */
  | Readonly<{ kind: 'dropped'; why: PeerDrop }>
  /** `entries` are to be merged; `request` is to be sent to the peer. */
  | Readonly<{ kind: 'next'; round: Round; request: Uint8Array; entries: ReadonlyArray<KeyEntry> }>
  /** With `entries` merged, this HSM holds all that the peer held when it was asked. */
  | Readonly<{ kind: 'done'; entries: ReadonlyArray<KeyEntry> }>

const question = (link: PeerLink, kind: PeerKind, nonce: Uint8Array, body: Uint8Array): Uint8Array =>
  sealPeerMessage(link.hmac, {
    clusterId: link.clusterId,
    sender: link.hsmId,
    receiver: link.peer,
    nonce,
    kind,
    body,
  })

/**
 * The first question of a round: which buckets differ? A round only reads what the peer has; the peer runs its own.
 * `nonce` is 16 random bytes, other ones for every question.
 */
export const startRound = (
  link: PeerLink,
  mine: KeyTable,
  nonce: Uint8Array,
): Readonly<{ round: Round; request: Uint8Array }> => ({
  round: { nonce, stage: { awaits: 'compared' } },
  request: question(link, 'compare', nonce, encodeDigest(mine.digest())),
})

/** What an answer leads to. A round whose answer stays away is given up; the next one starts afresh. */
export const onReply = (
  link: PeerLink,
  round: Round,
  mine: KeyTable,
  reply: Uint8Array,
  nonce: Uint8Array,
): RoundStep => {
  const { clusterId, hsmId, peer, hmac } = link
  const opened = openPeerMessage(hmac, { clusterId, receiver: hsmId, isPeer: (sender) => sender === peer }, reply)
  if (E.isLeft(opened)) return { kind: 'dropped', why: opened.left }
  const { kind, body } = opened.right
  if (kind !== round.stage.awaits || !equalBytes(opened.right.nonce, round.nonce)) {
    return { kind: 'dropped', why: { _tag: 'NotAwaited' } }
  }
  return stepFrom(link, round.stage, mine, body, nonce) ?? { kind: 'dropped', why: { _tag: 'Malformed' } }
}

const stepFrom = (
  link: PeerLink,
  stage: Stage,
  mine: KeyTable,
  body: Uint8Array,
  nonce: Uint8Array,
): RoundStep | undefined => {
  switch (stage.awaits) {
    case 'compared': {
      const buckets = decodeBuckets(body)
      if (buckets === undefined) return undefined
      return buckets.length === 0 ? { kind: 'done', entries: [] } : list(link, buckets, LIST_START, nonce, [])
    }
    case 'listed': {
      const listing = decodeListing(body)
      const next = listing === undefined ? undefined : positionAfter(listing.listed, stage)
      if (listing === undefined || next === undefined) return undefined
      if (listing.more && listing.listed.length === 0) return undefined
      const wanted = listing.listed.filter((each) => isWanted(mine, each)).map(({ handle }) => handle)
      return fetch(link, wanted, stage.buckets, listing.more ? next : undefined, nonce, [])
    }
    case 'fetched': {
      const reply = decodeFetched(body)
      const { asked } = stage
      if (reply === undefined || reply.answered < 1 || reply.answered > asked.length) return undefined
      const expected = new Set(asked.slice(0, reply.answered))
      if (!reply.entries.every(({ handle }) => expected.has(handle))) return undefined
      const waiting = [...asked.slice(reply.answered), ...stage.waiting]
      return fetch(link, waiting, stage.buckets, stage.next, nonce, reply.entries)
    }
  }
}

/** A peer that goes back in its listing would never come to an end. */
const positionAfter = (
  listed: ReadonlyArray<Listed>,
  { buckets, after }: Readonly<{ buckets: ReadonlyArray<number>; after: ListPosition }>,
): ListPosition | undefined => {
  let last = after
  for (const { handle } of listed) {
    const bucket = bucketOf(handle)
    const rises = bucket > last.bucket || (bucket === last.bucket && handle > last.handle)
    if (!rises || !buckets.includes(bucket)) return undefined
    last = { bucket, handle }
  }
  return last
}

/** An older generation brings nothing; a newer one, or other bytes of the same, may. */
const isWanted = (mine: KeyTable, { handle, generation, leaf }: Listed): boolean => {
  const own = mine.get(handle)
  if (own === undefined) return true
  return generation >= own.generation && !equalBytes(leaf, leafOf(own).subarray(0, LISTED_LEAF_SIZE))
}

const list = (
  link: PeerLink,
  buckets: ReadonlyArray<number>,
  after: ListPosition,
  nonce: Uint8Array,
  entries: ReadonlyArray<KeyEntry>,
): RoundStep => ({
  kind: 'next',
  round: { nonce, stage: { awaits: 'listed', buckets, after } },
  request: question(link, 'list', nonce, encodeListRequest({ buckets, after })),
  entries,
})

const fetch = (
  link: PeerLink,
  wanted: ReadonlyArray<KeyHandle>,
  buckets: ReadonlyArray<number>,
  next: ListPosition | undefined,
  nonce: Uint8Array,
  entries: ReadonlyArray<KeyEntry>,
): RoundStep => {
  if (wanted.length === 0) {
    return next === undefined ? { kind: 'done', entries } : list(link, buckets, next, nonce, entries)
  }
  const asked = wanted.slice(0, FETCH_HANDLES_MAX)
  const waiting = wanted.slice(FETCH_HANDLES_MAX)
  return {
    kind: 'next',
    round: { nonce, stage: { awaits: 'fetched', asked, waiting, buckets, next } },
    request: question(link, 'fetch', nonce, encodeHandles(asked)),
    entries,
  }
}
