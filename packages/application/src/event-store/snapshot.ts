import { POSITION_BYTES, readPosition, revisionOfKey, writePosition } from './layout.ts'
import type { Head } from './record.ts'
import { DOMAIN, HASH_BYTES, type Seal, sameBytes } from './seal.ts'

/** The state that the first `revision` records fold to, in the bytes its owner made. Only ever a shortcut. */
export type Snapshot = Head & Readonly<{ state: Uint8Array }>

const GENESIS_AT = 1
const REVISION_AT = GENESIS_AT + HASH_BYTES
const HASH_AT = REVISION_AT + POSITION_BYTES
const STATE_AT = HASH_AT + HASH_BYTES

export const sealSnapshot = (seal: Seal, genesis: Uint8Array, snapshot: Snapshot): Uint8Array => {
  const body = new Uint8Array(STATE_AT + snapshot.state.length)
  body[0] = DOMAIN.snapshot
  body.set(genesis, GENESIS_AT)
  writePosition(body, REVISION_AT, snapshot.revision)
  body.set(snapshot.hash, HASH_AT)
  body.set(snapshot.state, STATE_AT)
  return seal.seal(body)
}

const openSnapshot = (seal: Seal, genesis: Uint8Array, sealed: Uint8Array): Snapshot | undefined => {
  const body = seal.open(sealed, DOMAIN.snapshot, STATE_AT)
  if (typeof body === 'string' || !sameBytes(body.subarray(GENESIS_AT, REVISION_AT), genesis)) return undefined
  return {
    revision: readPosition(body, REVISION_AT),
    hash: body.slice(HASH_AT, STATE_AT),
    state: body.subarray(STATE_AT),
  }
}

/** The snapshot of an entry; `undefined` when it is damaged, of another log, or under another key than its own. */
export const soundSnapshot = (
  seal: Seal,
  genesis: Uint8Array,
  key: Uint8Array,
  value: Uint8Array,
): Snapshot | undefined => {
  const snapshot = openSnapshot(seal, genesis, value)
  return snapshot?.revision === revisionOfKey(key) ? snapshot : undefined
}
