import { fc, testProp } from '@fast-check/ava'
import { type Call, CALLS } from '../../src/p11-kit/calls.ts'
import { attributeReadings } from '../../src/p11-kit/attribute-codec.ts'
import type { Dialect } from '../../src/p11-kit/dialect.ts'
import { createWireReader, type WireReader } from '../../src/p11-kit/wire-reader.ts'
import { createWireWriter, type WireWriter } from '../../src/p11-kit/wire-writer.ts'
import { dialect, readings, values } from '../support/wire-arbitraries.ts'

const calls = Object.values(CALLS) as unknown as ReadonlyArray<Call>
const call = fc.constantFrom(...calls)

const written = (spoken: Dialect, write: (writer: WireWriter) => void): Uint8Array => {
  const writer = createWireWriter()
  writer.begin(spoken)
  write(writer)
  return writer.finish()
}

const reading = (bytes: Uint8Array, spoken: Dialect): WireReader => {
  const reader = createWireReader()
  reader.reset(bytes, 0, bytes.length, spoken)
  return reader
}

const request = fc
  .tuple(call, dialect)
  .chain(([of, spoken]) =>
    fc.record({ call: fc.constant(of), spoken: fc.constant(spoken), values: values(of.requestText, spoken) }),
  )

testProp('every request reads back as it was written, to the last byte', [request], (t, { call, spoken, values }) => {
  const bytes = written(spoken, (writer) => call.writeRequest(writer, values))
  const reader = reading(bytes, spoken)
  t.deepEqual(call.readRequest(reader), values)
  t.true(reader.finished())
})

testProp('a request that was cut short is malformed', [request, fc.nat()], (t, { call, spoken, values }, cut) => {
  const bytes = written(spoken, (writer) => call.writeRequest(writer, values))
  if (bytes.length === 0) return t.pass()
  const reader = reading(bytes.subarray(0, cut % bytes.length), spoken)
  call.readRequest(reader)
  return t.false(reader.finished())
})

testProp(
  'random bytes are read without a throw as any call of any library',
  [call, dialect, fc.uint8Array({ maxLength: 200 })],
  (t, of, spoken, bytes) => {
    t.notThrows(() => of.readRequest(reading(bytes, spoken)))
    t.notThrows(() => of.readResponse(reading(bytes, spoken)))
  },
)

testProp(
  'a request with one byte changed is read without a throw',
  [request, fc.nat(), fc.integer({ min: 0, max: 255 })],
  (t, { call, spoken, values }, at, byte) => {
    const bytes = written(spoken, (writer) => call.writeRequest(writer, values)).slice()
    if (bytes.length > 0) bytes[at % bytes.length] = byte
    t.notThrows(() => call.readRequest(reading(bytes, spoken)))
  },
)

const answered = dialect.chain((spoken) => fc.record({ spoken: fc.constant(spoken), attributes: readings(spoken) }))

testProp('attributes that were read read back as they were written', [answered], (t, { spoken, attributes }) => {
  const value = { attributes, code: 'CKR_ATTRIBUTE_TYPE_INVALID' } as const
  const reader = reading(
    written(spoken, (writer) => attributeReadings.write(writer, value)),
    spoken,
  )
  t.deepEqual(attributeReadings.read(reader), value)
  t.true(reader.finished())
})
