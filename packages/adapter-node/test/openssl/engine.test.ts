import test from 'ava'
import { CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import { engineContract } from '@hsmlab/crypto/contract'
import { RSA_FIXTURES } from '@hsmlab/crypto/noble'
import { opensslEngine } from '../../src/index.ts'

const engine = opensslEngine()
test.after.always(() => engine.close())

const [rsaKey] = RSA_FIXTURES
engineContract(test, { engine, rsaKey: rsaKey! })

test('it makes RSA keys of the size and with the exponent that were asked for, and uses them', async (t) => {
  for (const [bits, exponent] of [
    [2048, Uint8Array.of(1, 0, 1)],
    [2304, Uint8Array.of(1, 0, 3)],
    [2048, Uint8Array.of(1, 0, 0, 0, 0, 15)],
    [3328, new Uint8Array(32).fill(255)],
  ] as const) {
    const { pkcs8, modulus, publicExponent } = await engine.generateRsa(bits, exponent)
    t.is(modulus.length, bits / 8)
    t.true(modulus[0]! >= 128)
    t.deepEqual(publicExponent, exponent)
    const opened = engine.open({ _tag: 'rsa-private', pkcs8 })
    const publicKey = engine.open({ _tag: 'rsa-public', modulus, publicExponent })
    if (opened._tag === 'Left' || publicKey._tag === 'Left') return t.fail()
    t.is(opened.right.bits, bits)
    const mechanism = { type: CKM.CKM_SHA256_RSA_PKCS, parameter: NO_PARAMETER }
    const signature = await engine.sign(opened.right, mechanism, exponent)
    if (signature._tag === 'Left') return t.fail(signature.left._tag)
    t.is((await engine.verify(publicKey.right, mechanism, exponent, signature.right))._tag, 'Right')
    t.is((await engine.verify(publicKey.right, mechanism, modulus, signature.right))._tag, 'Left')
  }
})
