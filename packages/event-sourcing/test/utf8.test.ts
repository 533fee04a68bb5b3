import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import { utf8Bytes, utf8Text } from '../src/index.ts'

testProp('every well-formed text survives', [fc.string({ unit: 'grapheme' })], (t, text) => {
  t.is(utf8Text(utf8Bytes(text)), text)
})

testProp('bytes that are read are written again as they were', [fc.uint8Array()], (t, bytes) => {
  const text = utf8Text(bytes)
  t.true(text === undefined || Buffer.from(utf8Bytes(text)).equals(bytes))
})

test('a byte order mark is part of the text', (t) => {
  t.is(utf8Text(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa')
})

test('bytes that are not UTF-8 are no text', (t) => {
  const overlong = Uint8Array.of(0xc0, 0x80)
  const surrogate = Uint8Array.of(0xed, 0xa0, 0x80)
  const cut = Uint8Array.of(0xe2, 0x82)
  const beyond = Uint8Array.of(0xf4, 0x90, 0x80, 0x80)
  for (const bytes of [overlong, surrogate, cut, beyond, Uint8Array.of(0xff)]) t.is(utf8Text(bytes), undefined)
})
