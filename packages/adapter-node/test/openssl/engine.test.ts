import test from 'ava'
import { engineContract } from '@hsmlab/crypto/contract'
import { RSA_FIXTURES } from '@hsmlab/crypto/noble'
import { opensslEngine } from '../../src/index.ts'

const engine = opensslEngine()
test.after.always(() => engine.close())

const [rsaKey] = RSA_FIXTURES
engineContract(test, { engine, rsaKey: rsaKey! })

test('it makes RSA keys of every size with the exponent that was asked for', async (t) => {
  for (const [bits, exponent] of [
    [2048, Uint8Array.of(1, 0, 1)],
    [2304, Uint8Array.of(1, 0, 3)],
  ] as const) {
    const { pkcs8, modulus, publicExponent } = await engine.generateRsa(bits, exponent)
    t.is(modulus.length, bits / 8)
    t.true(modulus[0]! >= 128)
    t.deepEqual(publicExponent, exponent)
    const opened = engine.open({ _tag: 'rsa-private', pkcs8 })
    t.is(opened._tag === 'Right' ? opened.right.bits : 0, bits)
  }
})
