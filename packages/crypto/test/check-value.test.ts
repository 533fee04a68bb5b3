import { createHash } from 'node:crypto'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import test from 'ava'
import { checkValue } from '../src/index.ts'

/** FIPS 197-style known answer: AES-128 and AES-256 of a zero block under a zero key (NIST AESAVS, VarKey family). */
test('the check value of an AES key is the start of an encrypted zero block', (t) => {
  const of = (length: number) => checkValue({ _tag: 'secret', keyType: 'CKK_AES', value: new Uint8Array(length) })
  t.is(bytesToHex(of(16)!), '66e94b')
  t.is(bytesToHex(of(32)!), 'dc95c0')
})

test('the check value of a key pair is the start of SHA-1 of its public key', (t) => {
  const point = hexToBytes(`04${'11'.repeat(64)}`)
  const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex').slice(0, 6)
  t.is(bytesToHex(checkValue({ _tag: 'ec-public', curve: 'secp256r1', point })!), sha1(point))
  const modulus = new Uint8Array(256).fill(200)
  const publicExponent = Uint8Array.of(1, 0, 1)
  t.is(bytesToHex(checkValue({ _tag: 'rsa-public', modulus, publicExponent })!), sha1(modulus))
})

test('a generic secret has no check value', (t) => {
  t.is(checkValue({ _tag: 'secret', keyType: 'CKK_GENERIC_SECRET', value: new Uint8Array(16) }), undefined)
})
