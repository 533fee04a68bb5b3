import { fc, testProp } from '@fast-check/ava'
import { DER, der, derUnsigned, readAll, readDer, unsignedOf } from '../../src/der/der.ts'
import { bytesToNumber, ecPointOf, rsaParts } from '../../src/index.ts'

testProp(
  'a value of any length reads back, with what follows it',
  [fc.nat({ max: 70_000 }), fc.uint8Array()],
  (t, length, rest) => {
    const content = new Uint8Array(length).fill(5)
    const bytes = Uint8Array.from([...der(DER.octetString, content), ...rest])
    const read = readDer(bytes)
    t.is(read?.tag, DER.octetString)
    t.is(read?.content.length, length)
    t.deepEqual([...(read?.rest ?? [])], [...rest])
  },
)

testProp(
  'an INTEGER keeps its value and is as short as can be',
  [fc.uint8Array({ maxLength: 40, size: 'max' })],
  (t, magnitude) => {
    const [content] = readAll(derUnsigned(magnitude), [DER.integer]) ?? []
    const read = unsignedOf(content ?? new Uint8Array(0))
    t.is(bytesToNumber(read ?? new Uint8Array(0)), bytesToNumber(magnitude))
    t.true(content !== undefined && (content.length === 1 || content[0] !== 0 || content[1]! >= 0x80))
  },
)

testProp('random bytes never make the readers throw', [fc.uint8Array({ maxLength: 200, size: 'max' })], (t, bytes) => {
  readDer(bytes)
  rsaParts(bytes)
  ecPointOf(bytes)
  t.is(readDer(Uint8Array.of(4, 0x81, 5, 1, 2, 3, 4, 5)), undefined, 'a length in more bytes than it needs')
})
