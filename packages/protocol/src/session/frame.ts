import { roomFor } from '@hsmlab/crypto'
import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'

/**
 * Before encryption, a frame is a row of these; all requests of one tick share a frame. `requestId` counts from 1 within
 * a channel; 0 is a beat (either way; `body` is `encodeBeat`), and nobody answers it. A request whose answer stays away
 * is sent again under the same `requestId`: what must not happen twice carries a command id. `session` is 0 for
 * `openSession`, `membership` and beats.
 */
export type SessionRequest = Readonly<{ requestId: number; operation: number; session: number; body: Uint8Array }>

/**
 * `ckr` is the PKCS#11 return value (0: done, `body` is the reply); `hsmReturn` the HSM's own code as the audit log
 * names it (157, 163, 187 …), 0 where there is none. A refusal's body is a message for people, UTF-8, may be empty.
 */
export type SessionReply = Readonly<{ requestId: number; ckr: number; hsmReturn: number; body: Uint8Array }>

export const REQUEST_HEADER_SIZE = 13
/** The largest frame, encrypted: below NATS' default `max_payload` of 1 MiB. */
export const FRAME_SIZE_MAX = 1_000_000
/**
 * `channel` (8 bytes) and counter (8 bytes) in the clear, both bound to the ciphertext: the channel's bytes are the
 * associated data, the counter is the nonce.
 */
export const FRAME_HEADER_SIZE = 16

type Row = Readonly<{ body: Uint8Array }>

const BODY_LENGTH_SIZE = 4
const REPLY_HEADER_SIZE = 16

/** Rows of a header, which `write` fills in, the length of the body, and the body. */
const encodeRows = <R extends Row>(
  rows: ReadonlyArray<R>,
  headerSize: number,
  write: (view: DataView, at: number, row: R) => void,
): Uint8Array => {
  let size = 0
  for (const { body } of rows) size += headerSize + body.length
  const { bytes, view, at: start } = roomFor(size)
  let at = start
  for (const row of rows) {
    const { body } = row
    write(view, at, row)
    at += headerSize
    view.setUint32(at - BODY_LENGTH_SIZE, body.length)
    bytes.set(body, at)
    at += body.length
  }
  return bytes.subarray(start, at)
}

/** `undefined` unless `bytes` are such rows to the last of them. The bodies are views. */
const decodeRows = <R>(
  bytes: Uint8Array,
  headerSize: number,
  read: (view: DataView, at: number, body: Uint8Array) => R,
): ReadonlyArray<R> | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const rows: R[] = []
  let at = 0
  while (at < bytes.length) {
    const from = at + headerSize
    if (from > bytes.length) return undefined
    const to = from + view.getUint32(from - BODY_LENGTH_SIZE)
    if (to > bytes.length) return undefined
    rows.push(read(view, at, bytes.subarray(from, to)))
    at = to
  }
  return rows
}

const writeRequest = (view: DataView, at: number, { requestId, operation, session }: SessionRequest): void => {
  view.setUint32(at, requestId)
  view.setUint8(at + 4, operation)
  view.setUint32(at + 5, session)
}

const readRequest = (view: DataView, at: number, body: Uint8Array): SessionRequest => ({
  requestId: view.getUint32(at),
  operation: view.getUint8(at + 4),
  session: view.getUint32(at + 5),
  body,
})

const writeReply = (view: DataView, at: number, { requestId, ckr, hsmReturn }: SessionReply): void => {
  view.setUint32(at, requestId)
  view.setUint32(at + 4, ckr)
  view.setUint32(at + 8, hsmReturn)
}

const readReply = (view: DataView, at: number, body: Uint8Array): SessionReply => ({
  requestId: view.getUint32(at),
  ckr: view.getUint32(at + 4),
  hsmReturn: view.getUint32(at + 8),
  body,
})

export const encodeRequests = (requests: ReadonlyArray<SessionRequest>): Uint8Array =>
  encodeRows(requests, REQUEST_HEADER_SIZE, writeRequest)

export const decodeRequests = (plaintext: Uint8Array): ReadonlyArray<SessionRequest> | undefined =>
  decodeRows(plaintext, REQUEST_HEADER_SIZE, readRequest)

export const encodeReplies = (replies: ReadonlyArray<SessionReply>): Uint8Array =>
  encodeRows(replies, REPLY_HEADER_SIZE, writeReply)

export const decodeReplies = (plaintext: Uint8Array): ReadonlyArray<SessionReply> | undefined =>
  decodeRows(plaintext, REPLY_HEADER_SIZE, readReply)

export const messageBody = (message: string): Uint8Array => utf8Bytes(message)
export const bodyMessage = (body: Uint8Array): string => utf8Text(body) ?? ''
