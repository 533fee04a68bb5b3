import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { canonicalJson, type Json, parseJson, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'

/** `undefined` for anything that is not JSON of this shape. */
export const readText = <A>(codec: t.Type<A, unknown>, text: string): A | undefined => {
  const decoded = codec.decode(parseJson(text))
  return E.isRight(decoded) ? decoded.right : undefined
}

/** The same for UTF-8 bytes; an empty body stands for `{}`. */
export const readBytes = <A>(codec: t.Type<A, unknown>, bytes: Uint8Array): A | undefined => {
  const text = bytes.length === 0 ? '{}' : utf8Text(bytes)
  return text === undefined ? undefined : readText(codec, text)
}

export const writeBytes = <A>(codec: t.Type<A, unknown>, value: A): Uint8Array =>
  utf8Bytes(canonicalJson(codec.encode(value) as Json))
