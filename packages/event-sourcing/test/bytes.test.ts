import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { Base64Codec, fromBase64, toBase64, utf8Bytes } from '../src/index.ts'

/** RFC 4648 §10. */
const VECTORS = [
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const

test('bytes are written as RFC 4648 writes them', (t) => {
  for (const [text, expected] of VECTORS) t.is<string, string>(toBase64(utf8Bytes(text)), expected)
})

test('and read back', (t) => {
  for (const [text, encoded] of VECTORS) t.deepEqual(fromBase64(encoded as never), utf8Bytes(text))
})

testProp('every byte string survives', [fc.uint8Array()], (t, bytes) => {
  const text = toBase64(bytes)
  t.is<string, string>(text, Buffer.from(bytes).toString('base64'))
  t.true(Base64Codec.is(text))
  t.deepEqual(fromBase64(text), bytes)
})

testProp('a text that the codec takes is the only one of its bytes', [fc.base64String()], (t, text) => {
  const decoded = Base64Codec.decode(text)
  t.true(E.isLeft(decoded) || toBase64(fromBase64(decoded.right)) === text)
})

testProp('no other text is taken', [fc.string()], (t, text) => {
  const decoded = Base64Codec.decode(text)
  t.true(E.isLeft(decoded) || toBase64(fromBase64(decoded.right)) === text)
})

test('padding that is missing, misplaced or has bits before it is refused', (t) => {
  for (const text of [
    'Zg',
    'Zg=',
    'Zg===',
    '=',
    '====',
    'Z===',
    'Zg==Zg==',
    'Zh==',
    'Zm9=',
    'Zm 9v',
    'Zm9v\n',
    'Zm-_',
  ]) {
    t.false(Base64Codec.is(text))
    t.true(E.isLeft(Base64Codec.decode(text)))
  }
})

test('what is no text is refused', (t) => {
  for (const value of [undefined, null, 0, [], {}, new Uint8Array(3)]) t.true(E.isLeft(Base64Codec.decode(value)))
})
