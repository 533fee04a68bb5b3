import { createHmac, hkdfSync } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import {
  type ClusterId,
  type HsmId,
  type KeyEntry,
  type KeyHandle,
  type KeyTable,
  mergeEntry,
  type MutableKeyTable,
  peerHmac,
} from '@hsmlab/domain'
import { plainRecord, sampleLineage } from '@hsmlab/domain/arbitrary'
import { toBase64 } from '@hsmlab/event-sourcing'
import { answer, onReply, type PeerEndpoint, type PeerLink, startRound } from '../../src/index.ts'

export const clusterId = 'cluster-aaaaaaaaaaa' as ClusterId
export const asker = 'hsm-aaaaaaaaaaa' as HsmId
export const answerer = 'hsm-bbbbbbbbbbb' as HsmId
export const outsider = 'hsm-ccccccccccc' as HsmId

export const hmacUnder = (maskingKey: Uint8Array) =>
  peerHmac(maskingKey, {
    hmacSha256: (key, message) => createHmac('sha256', key).update(message).digest(),
    hkdfSha256: (key, salt, info, length) => new Uint8Array(hkdfSync('sha256', key, salt, info, length)),
  })
export const peersHmac = hmacUnder(new Uint8Array(32).fill(7))

export const link: PeerLink = { clusterId, hsmId: asker, peer: answerer, hmac: peersHmac }
export const endpoint: PeerEndpoint = {
  clusterId,
  hsmId: answerer,
  hmac: peersHmac,
  isPeer: (hsmId) => hsmId === asker,
}

let nonces = 0
/** Different every time; nothing here depends on chance. */
export const nextNonce = (): Uint8Array => {
  nonces += 1
  const nonce = new Uint8Array(16)
  new DataView(nonce.buffer).setUint32(12, nonces)
  return nonce
}

export const handleAt = (counter: number): KeyHandle => (0x100_0000 + counter) as KeyHandle
export const records = (count: number): ReadonlyArray<KeyEntry> =>
  Array.from({ length: count }, (_, i) => plainRecord(handleAt(i + 1)))

const pattern = plainRecord(handleAt(0))
/** As many as wanted and quickly made, for their MACs are none: they can be compared and carried, not merged. */
export const unsignedRecords = (count: number): ReadonlyArray<KeyEntry> =>
  Array.from({ length: count }, (_, i) => {
    const mac = new Uint8Array(32)
    new DataView(mac.buffer).setUint32(0, i + 1)
    return { ...pattern, handle: handleAt(i + 1), mac: toBase64(mac) }
  })

/** Takes whatever comes. */
export const putAll = (table: MutableKeyTable, entries: ReadonlyArray<KeyEntry>): void => {
  for (const entry of entries) table.put(entry)
}

export const right = <L, A>(result: E.Either<L, A>): A => {
  if (E.isLeft(result)) throw new Error(`refused: ${JSON.stringify(result.left)}`)
  return result.right
}

/** Merges what came, as an HSM does. */
export const insertAll = (table: MutableKeyTable, entries: ReadonlyArray<KeyEntry>): void => {
  for (const entry of entries) {
    const merge = mergeEntry(table.get(entry.handle), entry, sampleLineage)
    if (merge.kind === 'refused') throw new Error(merge.why._tag)
    if (merge.kind === 'changed') table.put(merge.entry)
  }
}

export type Traffic = Readonly<{ messages: number; largest: number; bytes: number; fetched: number }>

/** A round from the first question to its end, without loss; what came is merged into `mine`. */
export const pull = (mine: MutableKeyTable, theirs: KeyTable, insert = insertAll): Traffic => {
  let { round, request } = startRound(link, mine, nextNonce())
  let [messages, largest, bytes, fetched] = [0, 0, 0, 0]
  const count = (message: Uint8Array): void => {
    messages += 1
    bytes += message.length
    largest = Math.max(largest, message.length)
  }
  for (;;) {
    count(request)
    const reply = right(answer(endpoint, theirs, request))
    count(reply)
    const step = onReply(link, round, mine, reply, nextNonce())
    if (step.kind === 'dropped') throw new Error(step.why._tag)
    insert(mine, step.entries)
    fetched += step.entries.length
    if (step.kind === 'done') return { messages, largest, bytes, fetched }
    ;({ round, request } = step)
  }
}
