import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import { byteReader, byteWriter } from '../../src/index.ts'

test('fields are big-endian, byte strings stand behind their length', (t) => {
  const written = byteWriter(1)
    .u8(1)
    .u32(0x02030405)
    .u64(0x06_0708_090a)
    .bytes(Uint8Array.of(11, 12))
    .raw(Uint8Array.of(13))
    .finish()
  t.deepEqual([...written], [1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 9, 10, 0, 0, 0, 2, 11, 12, 13])
})

testProp(
  'what was written is read, whatever the first capacity',
  [
    fc.integer({ min: 0, max: 64 }),
    fc.nat(255),
    fc.nat(0xffff_ffff),
    fc.maxSafeNat(),
    fc.uint8Array(),
    fc.uint8Array(),
  ],
  (t, capacity, small, medium, large, bytes, rest) => {
    const written = byteWriter(capacity).u8(small).u32(medium).u64(large).bytes(bytes).raw(rest).finish()
    const reader = byteReader(written)
    t.deepEqual([reader.u8(), reader.u32(), reader.u64()], [small, medium, large])
    t.deepEqual([reader.bytes(), reader.raw(reader.remaining())], [bytes, rest])
    t.true(reader.finished())
  },
)

testProp(
  'messages that are written side by side leave each other alone',
  [fc.array(fc.uint8Array({ maxLength: 6000, size: 'max' }), { minLength: 1, maxLength: 40 })],
  (t, messages) => {
    const begun = messages.map((message) => ({ message, writer: byteWriter(message.length % 50).raw(message) }))
    const written = begun.map(({ message, writer }) => ({ message, bytes: writer.raw(message).finish() }))
    for (const { message, bytes } of written) t.deepEqual([...bytes], [...message, ...message])
  },
)

test('reading past the end gives zeros and is noticed at the end', (t) => {
  const reader = byteReader(Uint8Array.of(1, 2, 3))
  t.is(reader.u32(), 0)
  t.is(reader.u8(), 0)
  t.deepEqual(reader.bytes(), new Uint8Array(0))
  t.true(reader.failed())
  t.false(reader.finished())
})

test('a length beyond the end is noticed, however large', (t) => {
  const reader = byteReader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1))
  t.deepEqual(reader.bytes(), new Uint8Array(0))
  t.true(reader.failed())
})

test('what is left over is noticed', (t) => {
  const reader = byteReader(Uint8Array.of(1, 2))
  t.is(reader.u8(), 1)
  t.false(reader.failed())
  t.false(reader.finished())
})

test('a number too large to be exact is none', (t) => {
  const reader = byteReader(Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0))
  reader.u64()
  t.false(reader.finished())
})

test('a reader over a part of a buffer stays in it', (t) => {
  const reader = byteReader(Uint8Array.of(9, 1, 2, 9).subarray(1, 3))
  t.deepEqual([reader.u8(), reader.u8(), reader.u8()], [1, 2, 0])
  t.true(reader.failed())
})
