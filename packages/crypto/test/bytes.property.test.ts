import { bytesToHex } from '@noble/hashes/utils.js'
import { fc, testProp } from '@fast-check/ava'
import {
  bitLength,
  bytesToNumber,
  framed,
  numberToBytes,
  uint64Bytes,
  unframed,
  withoutLeadingZeros,
} from '../src/bytes.ts'

const bytes = fc.uint8Array({ maxLength: 70, size: 'max' })

testProp('a number is what its bytes spell in hexadecimal', [bytes], (t, some) => {
  t.is(bytesToNumber(some), BigInt(`0x0${bytesToHex(some)}`))
})

testProp(
  'a number comes back from its bytes, however many zeros lead',
  [bytes, fc.nat({ max: 20 })],
  (t, some, spare) => {
    const wide = numberToBytes(bytesToNumber(some), some.length + spare)
    t.deepEqual(wide, Uint8Array.from([...new Uint8Array(spare), ...some]))
  },
)

testProp('leading zeros go, the value stays', [bytes], (t, some) => {
  const short = withoutLeadingZeros(some)
  t.is(bytesToNumber(short), bytesToNumber(some))
  t.true(short.length <= 1 || short[0] !== 0)
})

testProp('bits are counted without leading zeros', [fc.bigInt({ min: 1n, max: 1n << 300n })], (t, value) => {
  const bits = BigInt(bitLength(value))
  t.true(value < 1n << bits && value >= 1n << (bits - 1n))
})

testProp('a safe integer has its eight bytes', [fc.maxSafeNat()], (t, value) => {
  t.is(bytesToNumber(uint64Bytes(value)), BigInt(value))
})

testProp('framed fields come back as they were', [fc.array(bytes)], (t, fields) => {
  t.deepEqual(
    unframed(framed(fields))?.map((field) => [...field]),
    fields.map((field) => [...field]),
  )
})

testProp(
  'bytes that are not exactly a list of fields are refused',
  [fc.array(bytes, { minLength: 1 })],
  (t, fields) => {
    t.is(unframed(framed(fields).subarray(0, -1)), undefined)
  },
)

testProp(
  'any bytes are either fields, framed the same again, or refused',
  [fc.uint8Array({ maxLength: 200, size: 'max' })],
  (t, some) => {
    const fields = unframed(some)
    if (fields === undefined) t.pass()
    else t.deepEqual(framed(fields), some)
  },
)
