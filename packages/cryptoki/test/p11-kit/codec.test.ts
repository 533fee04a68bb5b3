import test from 'ava'
import { CKA, CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import { attributeReadings, attributeRooms, attributes } from '../../src/p11-kit/attribute-codec.ts'
import { CALLS } from '../../src/p11-kit/calls.ts'
import { type Dialect, DIALECTS } from '../../src/p11-kit/dialect.ts'
import { byteRoom, type Letter, output, padded, ulong } from '../../src/p11-kit/letter.ts'
import { mechanism } from '../../src/p11-kit/mechanism-codec.ts'
import { createWireReader } from '../../src/p11-kit/wire-reader.ts'
import { createWireWriter } from '../../src/p11-kit/wire-writer.ts'
import { UNAVAILABLE } from '../../src/attribute.ts'

const [old] = DIALECTS[0]
const [middle] = DIALECTS[1]
const [young] = DIALECTS[2]

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const write = <A>(letter: Letter<A>, value: A, dialect: Dialect = old): string => {
  const writer = createWireWriter()
  writer.begin(dialect)
  letter.write(writer, value)
  return hex(writer.finish())
}

const read = <A>(letter: Letter<A>, encoded: string, dialect: Dialect = old): A | 'malformed' => {
  const reader = createWireReader()
  const bytes = new Uint8Array(Buffer.from(encoded, 'hex'))
  reader.reset(bytes, 0, bytes.length, dialect)
  const value = letter.read(reader)
  return reader.finished() ? value : 'malformed'
}

test('calls are numbered from 1 to 89 without a gap', (t) => {
  const numbers = Object.values(CALLS).map(({ number }) => number)
  t.deepEqual(
    numbers,
    Array.from({ length: 89 }, (_, i) => i + 1),
  )
})

test('unavailable information is all ones', (t) => {
  t.is(write(ulong, UNAVAILABLE), 'ffffffffffffffff')
  t.is(read(ulong, 'ffffffffffffffff'), UNAVAILABLE)
})

test('fixed texts are padded with spaces and cut between characters', (t) => {
  t.is(write(padded(4), 'ab'), '0000000461622020')
  t.is(write(padded(4), 'abcé'), '0000000461626320')
  t.is(read(padded(4), '00000003616263'), 'malformed')
})

test('an output that did not fit is its length, and an empty one is present', (t) => {
  t.is(write(output, 64), '0000000040')
  t.is(write(output, new Uint8Array(0)), '0100000000')
})

test('a buffer of length 0 is told from no buffer since 0.25', (t) => {
  t.is(read(byteRoom, 'ffffffff'), 0)
  t.is(read(byteRoom, '00000000'), undefined)
  t.is(write(byteRoom, 0, middle), 'ffffffff')
  t.is(write(byteRoom, 0, old), '00000000')
})

test('a mechanism without parameter ends with a null string up to 0.25.5, and with nothing since', (t) => {
  const ecdsa = { type: CKM.CKM_ECDSA, parameter: NO_PARAMETER }
  t.is(write(mechanism, ecdsa, old), '00001041ffffffff')
  t.is(write(mechanism, ecdsa, middle), '00001041ffffffff')
  t.is(write(mechanism, ecdsa, young), '00001041')
})

test('a parameter stands behind a flag since 0.25.6', (t) => {
  const cbc = { type: CKM.CKM_AES_CBC, parameter: { _tag: 'iv', iv: Uint8Array.of(1, 2) } } as const
  t.is(write(mechanism, cbc, old), '00001082000000020102')
  t.is(write(mechanism, cbc, young), '0000108201000000020102')
  t.deepEqual(read(mechanism, '0000108200', young), { type: CKM.CKM_AES_CBC, parameter: NO_PARAMETER })
})

test('the NULL mechanism cancels', (t) => {
  t.is(read(mechanism, 'ffffffff', young), undefined)
})

test('a flag of two bytes, or of 2, is not a flag', (t) => {
  const token = (length: string, value: string) => `0000000100000001010000${length}${value}`
  const valueOf = (encoded: string) => {
    const template = read(attributes, encoded)
    return template === 'malformed' ? template : template[0]?.value
  }
  t.is(valueOf(token('0001', '01')), true)
  t.deepEqual(valueOf(token('0002', '01')), new Uint8Array(2))
  t.deepEqual(valueOf(token('0001', '02')), new Uint8Array(2))
})

test('templates are read 8 deep and no deeper', (t) => {
  const nested = (depth: number): string =>
    depth === 0 ? '00000000' : `00000001400002110100000018${nested(depth - 1)}`
  t.not(read(attributes, nested(7)), 'malformed')
  t.is(read(attributes, nested(8)), 'malformed')
})

test('rooms inside a template-typed attribute come since 0.25.4', (t) => {
  const inner = '000000010000000100000001'
  t.deepEqual(read(attributeRooms, `000000014000021100000018${inner}`, middle), [
    { type: CKA.CKA_WRAP_TEMPLATE, room: 24, nested: [{ type: CKA.CKA_TOKEN, room: 1 }] },
  ])
  t.deepEqual(read(attributeRooms, '000000014000021100000018', old), [{ type: CKA.CKA_WRAP_TEMPLATE, room: 24 }])
})

test('the length of a flag is 1 even where its value is not given, which 0.24 insists on', (t) => {
  const attribute = { type: CKA.CKA_TOKEN, length: 1, value: undefined }
  t.is(
    write(attributeReadings, { attributes: [attribute], code: 'CKR_OK' }),
    '00000001000000010100000001000000000000000000',
  )
})

test('attributes that p11-kit does not know travel as the memory of the program', (t) => {
  const destroyable = { type: CKA.CKA_DESTROYABLE, value: true }
  t.is(write(attributes, [destroyable]), '000000010000017201000000010000000101')
})
