import { byteReader, byteWriter } from '../session/bytes.ts'

/** Records in one message, and their bytes: a reply stays below NATS' default `max_payload`. */
export const RUN_RECORDS_MAX = 4096
export const RUN_BYTES_MAX = 700_000
/** Bytes by which a question for a log tells its own answer from an older one. */
export const LOG_NONCE_SIZE = 16
const HASH_SIZE = 32
const SIGNATURE_SIZE = 64

/**
 * Neighbouring records of one HSM's log, as they lie on it, with position and the hash of the record before; and the
 * log's end as the HSM signed it (Ed25519 over `logHeadStatement`, in an answer over `logAnswerStatement`).
 */
export type LogRun = Readonly<{
  from: number
  records: ReadonlyArray<Uint8Array>
  head: LogHead
}>

/** `length` records, the last of them with `hash`. */
export type LogHead = Readonly<{ length: number; hash: Uint8Array; signature: Uint8Array }>

/** The bytes that an HSM signs: so far my log had come. */
export const logHeadStatement = (hsmId: string, length: number, hash: Uint8Array): Uint8Array =>
  byteWriter(128)
    .raw(new Uint8Array([...`hsmlab log head 1\n${hsmId}\n`].map((character) => character.charCodeAt(0))))
    .u64(length)
    .raw(hash)
    .finish()

/** The bytes that an HSM signs when it is asked: so far my log has come now. What it said before bears another nonce. */
export const logAnswerStatement = (hsmId: string, nonce: Uint8Array, length: number, hash: Uint8Array): Uint8Array =>
  byteWriter(128)
    .raw(new Uint8Array([...`hsmlab log answer 1\n${hsmId}\n`].map((character) => character.charCodeAt(0))))
    .raw(nonce)
    .u64(length)
    .raw(hash)
    .finish()

export const encodeLogRun = ({ from, records, head }: LogRun): Uint8Array => {
  const writer = byteWriter(256 + records.reduce((size, record) => size + 4 + record.length, 0))
  writer.u64(from).u64(head.length).raw(head.hash).raw(head.signature).u32(records.length)
  for (const record of records) writer.bytes(record)
  return writer.finish()
}

/** `undefined`: no such run. The records are views into `message`. */
export const decodeLogRun = (message: Uint8Array): LogRun | undefined => {
  const reader = byteReader(message)
  const from = reader.u64()
  const head = { length: reader.u64(), hash: reader.raw(HASH_SIZE), signature: reader.raw(SIGNATURE_SIZE) }
  const count = reader.u32()
  const records: Uint8Array[] = []
  while (records.length < count && !reader.failed()) records.push(reader.bytes())
  return reader.finished() && count <= RUN_RECORDS_MAX ? { from, records, head } : undefined
}

/** Asks an HSM for its log from position `from` on; `nonce` has `LOG_NONCE_SIZE` bytes that were never asked with before. */
export type LogRequest = Readonly<{ from: number; nonce: Uint8Array }>

export const encodeLogRequest = ({ from, nonce }: LogRequest): Uint8Array =>
  byteWriter(8 + LOG_NONCE_SIZE)
    .u64(from)
    .raw(nonce)
    .finish()

export const decodeLogRequest = (message: Uint8Array): LogRequest | undefined => {
  const reader = byteReader(message)
  const request = { from: reader.u64(), nonce: reader.raw(LOG_NONCE_SIZE) }
  return reader.finished() ? request : undefined
}
