import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { lineReader } from '../../src/local/line-reader.ts'

const line = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'))

/** `bytes` cut at any places. */
const chunked = (bytes: Uint8Array, cuts: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return places.slice(1).map((to, index) => bytes.subarray(places[index], to))
}

testProp(
  'lines come out as they went in, however they were cut',
  [fc.array(line), fc.array(fc.nat())],
  (t, lines, cuts) => {
    const reader = lineReader()
    const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(''))
    t.deepEqual(
      chunked(bytes, cuts).flatMap((chunk) => reader.read(chunk).lines),
      lines,
    )
  },
)

testProp('random bytes are lines or no text, never more', [fc.array(fc.uint8Array({ maxLength: 50 }))], (t, chunks) => {
  const reader = lineReader(64)
  const lines = chunks.flatMap((chunk) => reader.read(chunk).lines)
  t.true(lines.every((text) => text === undefined || text.length <= 64))
})

test('a line of the greatest size is read, one byte more is not', (t) => {
  const text = 'x'.repeat(16)
  t.deepEqual(lineReader(16).read(new TextEncoder().encode(`${text}\n`)), { lines: [text], overflow: false })
  t.deepEqual(lineReader(16).read(new TextEncoder().encode(`${text}x\n`)), { lines: [], overflow: true })
  const reader = lineReader(16)
  t.false(reader.read(new TextEncoder().encode(text)).overflow)
  t.true(reader.read(new TextEncoder().encode('x')).overflow)
  t.deepEqual(reader.read(new TextEncoder().encode('\nok\n')), { lines: [], overflow: true })
})
