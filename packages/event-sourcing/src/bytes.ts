import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** By character code. */
const VALUES = new Uint8Array(128)
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value
/** The last character before padding has no bits to spare: a byte string has one text (RFC 4648 §3.5). */
const BASE64 = /^[A-Za-z0-9+/]*(?:[AQgw]==|[AEIMQUYcgkosw048]=)?$/
const isBase64 = (u: unknown): u is Base64 => typeof u === 'string' && u.length % 4 === 0 && BASE64.test(u)

/** Bytes as RFC 4648 §4 base64 text: the one way in which bytes stand in an event or a message. */
export type Base64 = string & { readonly Base64: unique symbol }

/** Base64 text of `bytes`, with padding. */
export const toBase64 = (bytes: Uint8Array): Base64 => {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const chunk = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += ALPHABET.charAt(chunk >> 18) + ALPHABET.charAt((chunk >> 12) & 63)
    text += i + 1 < bytes.length ? ALPHABET.charAt((chunk >> 6) & 63) : '='
    text += i + 2 < bytes.length ? ALPHABET.charAt(chunk & 63) : '='
  }
  return text as Base64
}

/** The bytes of valid base64 text. */
export const fromBase64 = (text: Base64): Uint8Array => {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  const valueAt = (place: number): number => VALUES[text.charCodeAt(place)] ?? 0
  // Writing past the end of a byte array does nothing: that is where the padding goes.
  for (let i = 0, o = 0; i < text.length; i += 4, o += 3) {
    const chunk = (valueAt(i) << 18) | (valueAt(i + 1) << 12) | (valueAt(i + 2) << 6) | valueAt(i + 3)
    bytes[o] = chunk >> 16
    bytes[o + 1] = (chunk >> 8) & 255
    bytes[o + 2] = chunk & 255
  }
  return bytes
}

/** The codec of every `Base64` that comes from outside. */
export const Base64Codec = new t.Type<Base64, string>(
  'Base64',
  isBase64,
  (u, context) => (isBase64(u) ? E.right(u) : t.failure(u, context)),
  (text) => text,
)
