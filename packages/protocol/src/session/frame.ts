import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { byteReader, byteWriter } from './bytes.ts'

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

export const REQUEST_HEADER_SIZE = 17
/** The largest frame, encrypted: below NATS' default `max_payload` of 1 MiB. */
export const FRAME_SIZE_MAX = 1_000_000
/**
 * `channel` (8 bytes) and counter (8 bytes) in the clear, both bound to the ciphertext: the channel's bytes are the
 * associated data, the counter is the nonce.
 */
export const FRAME_HEADER_SIZE = 16

export const encodeRequests = (requests: ReadonlyArray<SessionRequest>): Uint8Array => {
  const writer = byteWriter(requests.reduce((size, { body }) => size + REQUEST_HEADER_SIZE + body.length, 0))
  for (const { requestId, operation, session, body } of requests) {
    writer.u32(requestId).u8(operation).u32(session).bytes(body)
  }
  return writer.finish()
}

export const decodeRequests = (plaintext: Uint8Array): ReadonlyArray<SessionRequest> | undefined => {
  const reader = byteReader(plaintext)
  const requests: SessionRequest[] = []
  while (reader.remaining() > 0 && !reader.failed()) {
    requests.push({ requestId: reader.u32(), operation: reader.u8(), session: reader.u32(), body: reader.bytes() })
  }
  return reader.finished() ? requests : undefined
}

export const encodeReplies = (replies: ReadonlyArray<SessionReply>): Uint8Array => {
  const writer = byteWriter(replies.reduce((size, { body }) => size + REQUEST_HEADER_SIZE + body.length, 0))
  for (const { requestId, ckr, hsmReturn, body } of replies) {
    writer.u32(requestId).u32(ckr).u32(hsmReturn).bytes(body)
  }
  return writer.finish()
}

export const decodeReplies = (plaintext: Uint8Array): ReadonlyArray<SessionReply> | undefined => {
  const reader = byteReader(plaintext)
  const replies: SessionReply[] = []
  while (reader.remaining() > 0 && !reader.failed()) {
    replies.push({ requestId: reader.u32(), ckr: reader.u32(), hsmReturn: reader.u32(), body: reader.bytes() })
  }
  return reader.finished() ? replies : undefined
}

export const messageBody = (message: string): Uint8Array => utf8Bytes(message)
export const bodyMessage = (body: Uint8Array): string => utf8Text(body) ?? ''
