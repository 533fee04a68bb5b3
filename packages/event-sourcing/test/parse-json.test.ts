import test from 'ava'
import { parseJson, parseJsonBytes, utf8Bytes } from '../src/index.ts'

test('JSON is read from text and from its UTF-8 bytes', (t) => {
  t.deepEqual(parseJson('{"é":[1,null]}'), { é: [1, null] })
  t.deepEqual(parseJsonBytes(utf8Bytes('{"é":[1,null]}')), { é: [1, null] })
  t.is(parseJson('null'), null)
})

test('what is no JSON, no UTF-8 or not there at all is undefined', (t) => {
  t.is(parseJson('{"a":'), undefined)
  t.is(parseJson(''), undefined)
  t.is(parseJson(undefined), undefined)
  t.is(parseJsonBytes(Uint8Array.of(0x22, 0xff, 0x22)), undefined)
})
