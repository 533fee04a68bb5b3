import { utf8Bytes } from '@hsmlab/event-sourcing'
import { POSITION_BYTES, readPosition, writePosition } from './layout.ts'
import { DOMAIN, HASH_BYTES, type HasSha256, type Mac } from './seal.ts'

/**
 * A record as it lies on the disk and travels on the feed:
 *
 *     MAC(32) ‖ 0x01 ‖ hash of the record before(32) ‖ position(8, big-endian) ‖ payload
 *     hash = SHA-256(0x01 ‖ hash before ‖ position ‖ payload)      MAC = HMAC-SHA-256(log's MAC key, hash)
 *
 * Anyone can follow the chain of hashes; the MAC shows that this HSM wrote it. The hash before the first record is
 * the log's genesis, which binds the identity of the log's owner.
 */
export type LogRecord = Uint8Array

const DOMAIN_AT = HASH_BYTES
const PREVIOUS_AT = DOMAIN_AT + 1
const POSITION_AT = PREVIOUS_AT + HASH_BYTES
const PAYLOAD_AT = POSITION_AT + POSITION_BYTES

export const RECORD_OVERHEAD_BYTES = PAYLOAD_AT
export const PAYLOAD_BYTES_MAX = 1 << 20

/** A place in a log: how many records lie before it, and the hash of the last of them. */
export type Head = Readonly<{ revision: number; hash: Uint8Array }>

/** The hash that the first record of `identity`'s log follows. */
export const genesisHash = ({ primitives }: HasSha256, identity: string): Uint8Array =>
  primitives.sha256(Uint8Array.from([DOMAIN.genesis, ...utf8Bytes(`hsmlab log v1 ${identity}`)]))

export const emptyLog = (env: HasSha256, identity: string): Head => ({ revision: 0, hash: genesisHash(env, identity) })

/** The hash that stands for a record, and for all records before it. The record must be well formed. */
export const hashRecord = ({ primitives }: HasSha256, record: LogRecord): Uint8Array =>
  primitives.sha256(record.subarray(DOMAIN_AT))

/** The record that follows `head`, and the head that it makes. */
export const encodeRecord = (
  env: HasSha256,
  mac: Mac,
  head: Head,
  payload: Uint8Array,
): Readonly<{ record: LogRecord; head: Head }> => {
  const record = new Uint8Array(PAYLOAD_AT + payload.length)
  record[DOMAIN_AT] = DOMAIN.record
  record.set(head.hash, PREVIOUS_AT)
  writePosition(record, POSITION_AT, head.revision)
  record.set(payload, PAYLOAD_AT)
  const hash = hashRecord(env, record)
  record.set(mac(hash))
  return { record, head: { revision: head.revision + 1, hash } }
}

export const isWellFormed = (record: LogRecord): boolean =>
  record.length >= PAYLOAD_AT && record.length <= PAYLOAD_AT + PAYLOAD_BYTES_MAX && record[DOMAIN_AT] === DOMAIN.record

/** The parts of a well-formed record; views of its bytes, not copies. */
export const payloadOf = (record: LogRecord): Uint8Array => record.subarray(PAYLOAD_AT)
export const positionOf = (record: LogRecord): number => readPosition(record, POSITION_AT)
export const previousHashOf = (record: LogRecord): Uint8Array => record.subarray(PREVIOUS_AT, POSITION_AT)
export const macOf = (record: LogRecord): Uint8Array => record.subarray(0, HASH_BYTES)
