import test from 'ava'
import { DIALECTS } from '../../src/p11-kit/dialect.ts'
import { createWireWriter } from '../../src/p11-kit/wire-writer.ts'

const [dialect] = DIALECTS[0]

test('what was handed out is not written again, however much is written', (t) => {
  const writer = createWireWriter()
  const pieces = Array.from({ length: 500 }, (_, i) => {
    writer.begin(dialect)
    writer.u32(i)
    writer.fill(100, i % 256)
    return writer.finish()
  })
  pieces.forEach((piece, i) => {
    t.is(new DataView(piece.buffer, piece.byteOffset).getUint32(0), i)
    t.true(piece.subarray(4).every((byte) => byte === i % 256))
  })
})

test('a piece may be longer than a slab, and its head is still written last', (t) => {
  const writer = createWireWriter()
  writer.begin(dialect)
  writer.u32(0)
  writer.raw(new Uint8Array(100_000).fill(7))
  writer.raw(new Uint8Array(200_000).fill(8))
  writer.patchU32(0, writer.length())
  const piece = writer.finish()
  t.is(new DataView(piece.buffer, piece.byteOffset).getUint32(0), 300_004)
  t.is(piece[100_003], 7)
  t.is(piece[300_003], 8)
})
