import test from 'ava'
import { bytesToNumber, CURVE_NAMES, CURVES } from '@hsmlab/crypto'
import { ecdsaNonces } from '../../src/openssl/ecdsa-nonces.ts'
import { ecdsaSignDigest } from '../../src/openssl/ecdsa-sign.ts'

for (const curve of CURVE_NAMES) {
  test(`${curve}: no nonce is used twice, and each blinds anew`, (t) => {
    const next = ecdsaNonces(curve)
    const nonces = Array.from({ length: 50 }, next)
    for (const field of ['r', 'blind', 'inverse'] as const) t.is(new Set(nonces.map((nonce) => nonce[field])).size, 50)
  })
}

test('the same key signs the same digest differently each time', (t) => {
  const digest = new Uint8Array(32).fill(1)
  const signatures = Array.from({ length: 100 }, () => ecdsaSignDigest('secp256r1', 77n, digest))
  const { bytes } = CURVES.secp256r1
  t.is(new Set(signatures.map((signature) => bytesToNumber(signature.subarray(0, bytes)))).size, 100)
  t.is(new Set(signatures.map((signature) => bytesToNumber(signature.subarray(bytes)))).size, 100)
})
