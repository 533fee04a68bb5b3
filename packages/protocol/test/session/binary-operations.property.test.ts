import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import type { MechanismParameter } from '@hsmlab/pkcs11'
import {
  decodeBeat,
  decodeCryptoRequest,
  decodeLoginReply,
  decodePasswordRequest,
  decodeRandomRequest,
  encodeBeat,
  encodeCryptoRequest,
  encodeLoginReply,
  encodePasswordRequest,
  encodeRandomRequest,
} from '../../src/index.ts'

const u32 = fc.nat(0xffff_ffff)
const bytes = fc.uint8Array({ maxLength: 40 })
const tag = <Tag extends MechanismParameter['_tag']>(_tag: Tag) => fc.constant(_tag)

const parameter: fc.Arbitrary<MechanismParameter> = fc.oneof(
  fc.record({ _tag: tag('none') }),
  fc.record({ _tag: tag('iv'), iv: bytes }),
  fc.record({ _tag: tag('pss'), hash: u32, mgf: u32, saltLength: u32 }),
  fc.record({ _tag: tag('oaep'), hash: u32, mgf: u32, source: u32, sourceData: bytes }),
  fc.record({ _tag: tag('gcm'), iv: bytes, aad: bytes, tagBits: u32 }),
  fc.record({ _tag: tag('ctr'), counterBits: u32, counterBlock: bytes }),
)

const cryptoRequest = fc.record({
  handle: fc.maxSafeNat(),
  mechanism: fc.record({ type: u32, parameter }),
  input: bytes,
  signature: bytes,
})

testProp('a crypto request survives, with every kind of parameter', [cryptoRequest], (t, request) => {
  t.deepEqual(decodeCryptoRequest(encodeCryptoRequest(request)), request)
})

testProp(
  'a crypto request that was cut or has more behind it is none',
  [cryptoRequest, fc.nat()],
  (t, request, cut) => {
    const encoded = encodeCryptoRequest(request)
    t.is(decodeCryptoRequest(encoded.subarray(0, cut % encoded.length)), undefined)
    t.is(decodeCryptoRequest(Uint8Array.of(...encoded, 0)), undefined)
  },
)

test('a parameter of an unknown kind makes no request', (t) => {
  const encoded = encodeCryptoRequest({
    handle: 1,
    mechanism: { type: 0x1041, parameter: { _tag: 'none' } },
    input: new Uint8Array(0),
    signature: new Uint8Array(0),
  })
  t.is(decodeCryptoRequest(encoded.with(12, 6)), undefined)
})

const passwordRequest = fc.record({
  commandId: fc.string({ unit: 'grapheme' }),
  role: fc.constantFrom('admin', 'crypto-user'),
  username: fc.string({ unit: 'grapheme' }),
  password: bytes,
})

testProp('a request with a password survives', [passwordRequest], (t, request) => {
  t.deepEqual(decodePasswordRequest(encodePasswordRequest(request)), request)
})

test('a password can be wiped in the frame it came in', (t) => {
  const frame = encodePasswordRequest({
    commandId: 'c',
    role: 'crypto-user',
    username: 'user1',
    password: Uint8Array.of(1, 2, 3),
  })
  decodePasswordRequest(frame)?.password.fill(0)
  t.deepEqual([...frame.subarray(-3)], [0, 0, 0])
})

test('login answers as what a user is logged in', (t) => {
  for (const role of ['admin', 'crypto-user', 'unactivated-admin'] as const) {
    t.is(decodeLoginReply(encodeLoginReply(role)), role)
  }
  for (const body of [[], [3], [255], [0, 0]]) t.is(decodeLoginReply(Uint8Array.from(body)), undefined)
})

testProp(
  'a beat survives',
  [u32, fc.maxSafeNat(), fc.boolean(), u32],
  (t, membershipVersion, position, serving, outstanding) => {
    const beat = { membershipVersion, position, serving, outstanding }
    t.deepEqual(decodeBeat(encodeBeat(beat)), beat)
  },
)

testProp('a count of random bytes survives', [u32], (t, count) => {
  t.is(decodeRandomRequest(encodeRandomRequest(count)), count)
})

testProp('random bytes never throw', [fc.uint8Array({ maxLength: 100 })], (t, body) => {
  t.notThrows(() => [
    decodeCryptoRequest(body),
    decodePasswordRequest(body),
    decodeLoginReply(body),
    decodeBeat(body),
    decodeRandomRequest(body),
  ])
})
