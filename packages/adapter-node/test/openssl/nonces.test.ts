import { setImmediate } from 'node:timers/promises'
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

test('a nonce made between turns is used as rarely as one made on demand', async (t) => {
  const next = ecdsaNonces('secp256r1')
  const seen = new Set<bigint>()
  for (let turn = 0; turn < 60; turn++) {
    for (let i = 0; i < 1 + (turn % 5); i++) seen.add(next().inverse)
    await setImmediate()
  }
  t.is(seen.size, 180)
})

test('the same key signs the same digest differently each time', (t) => {
  const digest = new Uint8Array(32).fill(1)
  const signatures = Array.from({ length: 100 }, () => ecdsaSignDigest('secp256r1', 77n, digest))
  const { bytes } = CURVES.secp256r1
  t.is(new Set(signatures.map((signature) => bytesToNumber(signature.subarray(0, bytes)))).size, 100)
  t.is(new Set(signatures.map((signature) => bytesToNumber(signature.subarray(bytes)))).size, 100)
})
