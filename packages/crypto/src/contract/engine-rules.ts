import { CKG, CKM, type MechanismParameter } from '@hsmlab/pkcs11'
import * as E from 'fp-ts/lib/Either.js'
import type { CryptoEngine, KeyMaterial } from '../engine.ts'
import type { EngineUnderTest } from './engine.ts'
import {
  codeOf,
  ctr,
  ecPair,
  gcm,
  iv,
  mechanism,
  OAEP_SHA256,
  PSS_SHA256,
  rightOf,
  rsaPair,
  secretKey,
} from './test-keys.ts'
import type { Test } from './test-face.ts'

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7)

const openCode = (engine: CryptoEngine, material: KeyMaterial): string => {
  const opened = engine.open(material)
  return E.isLeft(opened) ? opened.left._tag : 'CKR_OK'
}

/** What an engine refuses, and how it says so. */
export const engineRules = (test: Test, { engine, rsaKey }: EngineUnderTest): void => {
  const { name } = engine
  const aes = rightOf(engine.open(secretKey('CKK_AES', 32)))
  const generic = rightOf(engine.open(secretKey('CKK_GENERIC_SECRET', 32)))
  const ec = ecPair(engine, 'secp256r1')
  const rsa = rsaPair(engine, rsaKey)

  test(`${name}: a key has the size of its type, or is none`, async (t) => {
    for (const length of [16, 24, 32]) t.is(openCode(engine, secretKey('CKK_AES', length)), 'CKR_OK')
    for (const length of [0, 15, 33]) {
      t.is(openCode(engine, secretKey('CKK_AES', length)), 'CKR_ATTRIBUTE_VALUE_INVALID')
    }
    for (const length of [1, 800]) t.is(openCode(engine, secretKey('CKK_GENERIC_SECRET', length)), 'CKR_OK')
    for (const length of [0, 801]) {
      t.is(openCode(engine, secretKey('CKK_GENERIC_SECRET', length)), 'CKR_ATTRIBUTE_VALUE_INVALID')
    }
    t.deepEqual([aes.bits, generic.bits, ec.privateKey.bits, rsa.publicKey.bits], [256, 256, 256, 2048])
  })

  test(`${name}: a scalar lies below the order, a point on its curve, an RSA key has two primes`, async (t) => {
    const curve = 'secp256r1'
    const { point } = engine.generateEc(curve)
    const off = Uint8Array.from(point)
    off[64] = (off[64] ?? 0) ^ 1
    const wrong: ReadonlyArray<KeyMaterial> = [
      { _tag: 'ec-private', curve, scalar: bytes(31) },
      { _tag: 'ec-private', curve, scalar: new Uint8Array(32) },
      { _tag: 'ec-private', curve, scalar: new Uint8Array(32).fill(255) },
      { _tag: 'ec-public', curve, point: off },
      { _tag: 'ec-public', curve, point: point.subarray(0, 33) },
      { _tag: 'ec-public', curve: 'secp384r1', point },
      { _tag: 'rsa-private', pkcs8: bytes(1200) },
      { _tag: 'rsa-private', pkcs8: rsaKey.pkcs8.subarray(1) },
      { _tag: 'rsa-public', modulus: bytes(128), publicExponent: rsaKey.publicExponent },
      { _tag: 'rsa-public', modulus: rsaKey.modulus, publicExponent: Uint8Array.of(2) },
    ]
    for (const material of wrong) t.is(openCode(engine, material), 'CKR_ATTRIBUTE_VALUE_INVALID', material._tag)
  })

  test(`${name}: a closed key is of no use`, async (t) => {
    const key = rightOf(engine.open(secretKey('CKK_AES', 16)))
    key.close()
    key.close()
    t.is(await codeOf(engine.encrypt(key, mechanism('CKM_AES_ECB'), bytes(16))), 'CKR_KEY_HANDLE_INVALID')
  })

  test(`${name}: mechanisms take their own keys, functions and parameters only`, async (t) => {
    t.is(await codeOf(engine.sign(aes, mechanism('CKM_ECDSA'), bytes(32))), 'CKR_KEY_TYPE_INCONSISTENT')
    t.is(await codeOf(engine.sign(ec.publicKey, mechanism('CKM_ECDSA'), bytes(32))), 'CKR_KEY_TYPE_INCONSISTENT')
    t.is(await codeOf(engine.sign(rsa.privateKey, mechanism('CKM_ECDSA'), bytes(32))), 'CKR_KEY_TYPE_INCONSISTENT')
    t.is(
      await codeOf(engine.verify(ec.privateKey, mechanism('CKM_ECDSA'), bytes(32), bytes(64))),
      'CKR_KEY_TYPE_INCONSISTENT',
    )
    t.is(await codeOf(engine.encrypt(rsa.privateKey, mechanism('CKM_RSA_PKCS'), bytes(9))), 'CKR_KEY_TYPE_INCONSISTENT')
    t.is(
      await codeOf(engine.decrypt(rsa.publicKey, mechanism('CKM_RSA_PKCS'), bytes(256))),
      'CKR_KEY_TYPE_INCONSISTENT',
    )
    t.is(await codeOf(engine.sign(aes, mechanism('CKM_AES_ECB'), bytes(16))), 'CKR_MECHANISM_INVALID')
    t.is(await codeOf(engine.encrypt(aes, mechanism('CKM_DES3_ECB'), bytes(16))), 'CKR_MECHANISM_INVALID')
    t.is(await codeOf(engine.digest(mechanism('CKM_ECDSA'), bytes(16))), 'CKR_MECHANISM_INVALID')
    t.is(await codeOf(engine.encrypt(aes, mechanism('CKM_AES_ECB', iv(16)), bytes(16))), 'CKR_MECHANISM_PARAM_INVALID')
    t.is(
      await codeOf(engine.sign(ec.privateKey, mechanism('CKM_ECDSA', iv(16)), bytes(9))),
      'CKR_MECHANISM_PARAM_INVALID',
    )
    t.is(
      await codeOf(engine.sign(rsa.privateKey, mechanism('CKM_RSA_PKCS', iv(16)), bytes(9))),
      'CKR_MECHANISM_PARAM_INVALID',
    )
  })

  test(`${name}: AES parameters are as the standard says`, async (t) => {
    const wrong: ReadonlyArray<readonly ['CKM_AES_CBC' | 'CKM_AES_CTR' | 'CKM_AES_GCM', MechanismParameter]> = [
      ['CKM_AES_CBC', iv(15)],
      ['CKM_AES_CTR', ctr(0, 0)],
      ['CKM_AES_CTR', ctr(129, 0)],
      ['CKM_AES_CTR', { _tag: 'ctr', counterBits: 32, counterBlock: bytes(12) }],
      ['CKM_AES_GCM', gcm(0)],
      ['CKM_AES_GCM', gcm(100)],
      ['CKM_AES_GCM', gcm(136)],
      ['CKM_AES_GCM', gcm(128, 0)],
      ['CKM_AES_GCM', gcm(128, 257)],
    ]
    for (const [type, parameter] of wrong) {
      t.is(
        await codeOf(engine.encrypt(aes, mechanism(type, parameter), bytes(16))),
        'CKR_MECHANISM_PARAM_INVALID',
        type,
      )
    }
  })

  test(`${name}: AES data has a length that the mode can take, within CloudHSM's limit`, async (t) => {
    const refused = async (wanted: string, ...[type, parameter]: Parameters<typeof mechanism>) => {
      const lengths = type === 'CKM_AES_GCM' ? [16_225] : type === 'CKM_AES_CBC' ? [15, 16_288] : [15]
      for (const length of lengths) {
        t.is(await codeOf(engine.encrypt(aes, mechanism(type, parameter), bytes(length))), wanted, type)
      }
    }
    await refused('CKR_DATA_LEN_RANGE', 'CKM_AES_ECB')
    await refused('CKR_DATA_LEN_RANGE', 'CKM_AES_CBC', iv(16))
    await refused('CKR_DATA_LEN_RANGE', 'CKM_AES_GCM', gcm(128))
    const decrypted = async (length: number, ...[type, parameter]: Parameters<typeof mechanism>) =>
      codeOf(engine.decrypt(aes, mechanism(type, parameter), bytes(length)))
    t.is(await decrypted(17, 'CKM_AES_ECB'), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
    t.is(await decrypted(17, 'CKM_AES_CBC', iv(16)), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
    t.is(await decrypted(0, 'CKM_AES_CBC_PAD', iv(16)), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
    t.is(await decrypted(24, 'CKM_AES_CBC_PAD', iv(16)), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
    t.is(await decrypted(15, 'CKM_AES_GCM', gcm(128)), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
    t.is(await decrypted(16, 'CKM_AES_GCM', gcm(128)), 'CKR_ENCRYPTED_DATA_INVALID')
    t.is(await decrypted(16, 'CKM_AES_CBC_PAD', iv(16)), 'CKR_ENCRYPTED_DATA_INVALID')
  })

  test(`${name}: a counter wraps inside its bits and never counts a block twice`, async (t) => {
    const encrypt = async (parameter: MechanismParameter, length: number) =>
      engine.encrypt(aes, mechanism('CKM_AES_CTR', parameter), new Uint8Array(length))
    t.is(await codeOf(encrypt(ctr(2, 3), 65)), 'CKR_DATA_LEN_RANGE')
    const stream = rightOf(await encrypt(ctr(2, 3), 64))
    for (const [block, lastByte] of [3, 0, 1, 2].entries()) {
      const alone = rightOf(await encrypt(ctr(128, lastByte), 16))
      t.deepEqual([...stream.subarray(16 * block, 16 * block + 16)], [...alone], `block ${block}`)
    }
  })

  test(`${name}: HMAC data stays within CloudHSM's limits`, async (t) => {
    const signed = (type: 'CKM_SHA_1_HMAC' | 'CKM_SHA224_HMAC' | 'CKM_SHA512_HMAC', length: number) =>
      codeOf(engine.sign(generic, mechanism(type), bytes(length)))
    t.deepEqual(await Promise.all([signed('CKM_SHA_1_HMAC', 16_288), signed('CKM_SHA_1_HMAC', 16_289)]), [
      'CKR_OK',
      'CKR_DATA_LEN_RANGE',
    ])
    t.deepEqual(await Promise.all([signed('CKM_SHA224_HMAC', 16_256), signed('CKM_SHA224_HMAC', 16_257)]), [
      'CKR_OK',
      'CKR_DATA_LEN_RANGE',
    ])
    t.deepEqual(await Promise.all([signed('CKM_SHA512_HMAC', 16_224), signed('CKM_SHA512_HMAC', 16_225)]), [
      'CKR_OK',
      'CKR_DATA_LEN_RANGE',
    ])
  })

  test(`${name}: RSA data fits into the modulus beside its padding`, async (t) => {
    t.is(await codeOf(engine.sign(rsa.privateKey, mechanism('CKM_RSA_PKCS'), bytes(245))), 'CKR_OK')
    t.is(await codeOf(engine.sign(rsa.privateKey, mechanism('CKM_RSA_PKCS'), bytes(246))), 'CKR_DATA_LEN_RANGE')
    t.is(await codeOf(engine.encrypt(rsa.publicKey, mechanism('CKM_RSA_PKCS'), bytes(246))), 'CKR_DATA_LEN_RANGE')
    t.is(
      await codeOf(engine.encrypt(rsa.publicKey, mechanism('CKM_RSA_PKCS_OAEP', OAEP_SHA256), bytes(191))),
      'CKR_DATA_LEN_RANGE',
    )
    t.is(
      await codeOf(engine.sign(rsa.privateKey, mechanism('CKM_RSA_PKCS_PSS', PSS_SHA256), bytes(20))),
      'CKR_DATA_LEN_RANGE',
    )
    t.is(await codeOf(engine.sign(ec.privateKey, mechanism('CKM_ECDSA'), bytes(0))), 'CKR_DATA_LEN_RANGE')
  })

  test(`${name}: PSS and OAEP parameters are consistent`, async (t) => {
    const pss = (change: object) => ({ ...PSS_SHA256, ...change }) as MechanismParameter
    const oaep = (change: object) => ({ ...OAEP_SHA256, ...change }) as MechanismParameter
    const wrongPss = [pss({ hash: CKM.CKM_ECDSA }), pss({ mgf: 99 }), pss({ saltLength: 223 }), pss({ saltLength: -1 })]
    for (const parameter of wrongPss) {
      const code = await codeOf(engine.sign(rsa.privateKey, mechanism('CKM_RSA_PKCS_PSS', parameter), bytes(32)))
      t.is(code, 'CKR_MECHANISM_PARAM_INVALID')
    }
    const otherHash = pss({ hash: CKM.CKM_SHA384 })
    const hashed = mechanism('CKM_SHA256_RSA_PKCS_PSS', otherHash)
    t.is(await codeOf(engine.sign(rsa.privateKey, hashed, bytes(9))), 'CKR_MECHANISM_PARAM_INVALID')
    const wrongOaep = [
      oaep({ mgf: CKG.CKG_MGF1_SHA1 }),
      oaep({ hash: 1 }),
      oaep({ source: 2 }),
      oaep({ source: 0, sourceData: bytes(1) }),
    ]
    for (const parameter of wrongOaep) {
      const code = await codeOf(engine.encrypt(rsa.publicKey, mechanism('CKM_RSA_PKCS_OAEP', parameter), bytes(9)))
      t.is(code, 'CKR_MECHANISM_PARAM_INVALID')
    }
  })

  test(`${name}: a signature of another length is told from a wrong one`, async (t) => {
    const cases = [
      [ec.publicKey, mechanism('CKM_ECDSA'), 64],
      [rsa.publicKey, mechanism('CKM_RSA_PKCS'), 256],
      [rsa.publicKey, mechanism('CKM_RSA_PKCS_PSS', PSS_SHA256), 256],
      [generic, mechanism('CKM_SHA256_HMAC'), 32],
    ] as const
    for (const [key, type, length] of cases) {
      t.is(await codeOf(engine.verify(key, type, bytes(32), bytes(length))), 'CKR_SIGNATURE_INVALID')
      t.is(await codeOf(engine.verify(key, type, bytes(32), bytes(length - 1))), 'CKR_SIGNATURE_LEN_RANGE')
      t.is(await codeOf(engine.verify(key, type, bytes(32), bytes(length + 1))), 'CKR_SIGNATURE_LEN_RANGE')
    }
    const above = new Uint8Array(256).fill(255)
    t.is(
      await codeOf(engine.verify(rsa.publicKey, mechanism('CKM_RSA_PKCS'), bytes(32), above)),
      'CKR_SIGNATURE_INVALID',
    )
  })

  test(`${name}: whatever is wrong with an RSA ciphertext, the answer is one`, async (t) => {
    for (const type of [mechanism('CKM_RSA_PKCS'), mechanism('CKM_RSA_PKCS_OAEP', OAEP_SHA256)]) {
      const good = rightOf(await engine.encrypt(rsa.publicKey, type, bytes(20)))
      const altered = Uint8Array.from(good)
      altered[200] = (altered[200] ?? 0) ^ 1
      const wrong = [altered, new Uint8Array(256), new Uint8Array(256).fill(255), rsaKey.modulus]
      for (const ciphertext of wrong) {
        t.is(await codeOf(engine.decrypt(rsa.privateKey, type, ciphertext)), 'CKR_ENCRYPTED_DATA_INVALID')
      }
      t.is(await codeOf(engine.decrypt(rsa.privateKey, type, good.subarray(1))), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
    }
  })
}
