import test from 'ava'
import { CKF, CKM } from '@hsmlab/pkcs11'
import {
  allowed,
  allowsKeySize,
  mechanismFacts,
  mechanismInfo,
  MECHANISMS,
  mechanismTypes,
  prehashed,
  weakHashUnderCurve,
} from '../src/index.ts'

test('no mechanism stands twice in the table', (t) => {
  t.is(new Set(MECHANISMS.map(({ type }) => type)).size, MECHANISMS.length)
  t.is(MECHANISMS.length, 39)
})

test('P-256 signing shows its curves, its sizes and the hardware', (t) => {
  t.deepEqual(mechanismInfo(CKM.CKM_ECDSA), {
    minKeySize: 224,
    maxKeySize: 521,
    flags: CKF.CKF_HW | CKF.CKF_SIGN | CKF.CKF_VERIFY | CKF.CKF_EC_F_P | CKF.CKF_EC_NAMEDCURVE | CKF.CKF_EC_UNCOMPRESS,
  })
})

test('AES sizes are in bytes, RSA sizes in bits', (t) => {
  t.deepEqual(mechanismInfo(CKM.CKM_AES_KEY_GEN), {
    minKeySize: 16,
    maxKeySize: 32,
    flags: CKF.CKF_HW | CKF.CKF_GENERATE,
  })
  t.deepEqual(mechanismInfo(CKM.CKM_RSA_PKCS_KEY_PAIR_GEN), {
    minKeySize: 2048,
    maxKeySize: 4096,
    flags: CKF.CKF_HW | CKF.CKF_GENERATE_KEY_PAIR,
  })
})

test('digests need no key and no hardware', (t) => {
  t.deepEqual(mechanismInfo(CKM.CKM_SHA256), { minKeySize: 0, maxKeySize: 0, flags: CKF.CKF_DIGEST })
})

test('FIPS mode takes encryption from CKM_RSA_PKCS and leaves it signatures', (t) => {
  const signing = CKF.CKF_HW | CKF.CKF_SIGN | CKF.CKF_VERIFY
  t.is(mechanismInfo(CKM.CKM_RSA_PKCS, 'FIPS')?.flags, signing)
  t.is(mechanismInfo(CKM.CKM_RSA_PKCS, 'NON_FIPS')?.flags, signing | CKF.CKF_ENCRYPT | CKF.CKF_DECRYPT)
  t.deepEqual(allowed(CKM.CKM_RSA_PKCS, 'FIPS', 'CKK_RSA', 'decrypt'), { _tag: 'CKR_MECHANISM_INVALID' })
  t.is(allowed(CKM.CKM_RSA_PKCS, 'NON_FIPS', 'CKK_RSA', 'decrypt'), undefined)
  t.is(allowed(CKM.CKM_RSA_PKCS, 'FIPS', 'CKK_RSA', 'sign'), undefined)
})

test('an unknown mechanism has no info and is allowed nothing', (t) => {
  t.is(mechanismInfo(CKM.CKM_DES3_ECB), undefined)
  t.deepEqual(allowed(CKM.CKM_DES3_ECB, 'NON_FIPS', 'CKK_AES', 'decrypt'), { _tag: 'CKR_MECHANISM_INVALID' })
})

test('a mechanism with a key of another type is inconsistent', (t) => {
  t.deepEqual(allowed(CKM.CKM_ECDSA, 'FIPS', 'CKK_RSA', 'sign'), { _tag: 'CKR_KEY_TYPE_INCONSISTENT' })
  t.is(allowed(CKM.CKM_SHA256, 'FIPS', undefined, 'digest'), undefined)
})

test('every listed mechanism has info with a function in both modes', (t) => {
  for (const mode of ['FIPS', 'NON_FIPS'] as const) {
    for (const type of mechanismTypes(mode)) t.true((mechanismInfo(type, mode)?.flags ?? 0) > CKF.CKF_HW)
    t.is(mechanismTypes(mode).length, MECHANISMS.length)
  }
})

test('RSA keys come in steps of 256 bits, AES keys in steps of 8 bytes', (t) => {
  const sizes = [1024, 2048, 2176, 2304, 4096, 4352]
  const taken = sizes.filter((size) => allowsKeySize(CKM.CKM_RSA_X9_31_KEY_PAIR_GEN, size))
  t.deepEqual(taken, [2048, 2304, 4096])
  t.deepEqual(
    [8, 16, 20, 24, 32, 40].filter((size) => allowsKeySize(CKM.CKM_AES_KEY_GEN, size)),
    [16, 24, 32],
  )
  t.false(allowsKeySize(CKM.CKM_DES3_KEY_GEN, 192))
})

test('data limits are those of the table of CloudHSM', (t) => {
  const limits = ['CKM_SHA_1_HMAC', 'CKM_SHA224_HMAC', 'CKM_SHA512_HMAC', 'CKM_AES_CBC', 'CKM_AES_GCM'] as const
  t.deepEqual(
    limits.map((name) => mechanismFacts(CKM[name])?.limitBytes),
    [16_288, 16_256, 16_224, 16_272, 16_224],
  )
  t.is(mechanismFacts(CKM.CKM_ECDSA_SHA256)?.limitBytes, undefined)
})

test('only AES-GCM and the mechanisms for ready digests are single-part', (t) => {
  const single = MECHANISMS.filter(({ parts }) => parts === 'single').map(({ name }) => name)
  t.deepEqual(single, ['CKM_RSA_PKCS', 'CKM_RSA_PKCS_PSS', 'CKM_RSA_PKCS_OAEP', 'CKM_ECDSA', 'CKM_AES_GCM'])
})

test('a hash weaker than the curve is named with both strengths', (t) => {
  t.deepEqual(weakHashUnderCurve(CKM.CKM_ECDSA_SHA1, 'secp256r1'), { digestBits: 80, keyBits: 128 })
  t.deepEqual(weakHashUnderCurve(CKM.CKM_ECDSA_SHA256, 'secp384r1'), { digestBits: 128, keyBits: 192 })
  t.is(weakHashUnderCurve(CKM.CKM_ECDSA_SHA384, 'secp384r1'), undefined)
  t.is(weakHashUnderCurve(CKM.CKM_ECDSA, 'secp521r1'), undefined)
  t.is(weakHashUnderCurve(CKM.CKM_SHA1_RSA_PKCS, 'secp256r1'), undefined)
})

test('a hashing signature comes apart into its hash and the mechanism for ready digests', (t) => {
  t.deepEqual(prehashed(CKM.CKM_ECDSA_SHA384), { hash: 'SHA-384', type: CKM.CKM_ECDSA })
  t.deepEqual(prehashed(CKM.CKM_SHA1_RSA_PKCS), { hash: 'SHA-1', type: CKM.CKM_RSA_PKCS })
  t.deepEqual(prehashed(CKM.CKM_SHA224_RSA_PKCS_PSS), { hash: 'SHA-224', type: CKM.CKM_RSA_PKCS_PSS })
  for (const type of [CKM.CKM_ECDSA, CKM.CKM_SHA256_HMAC, CKM.CKM_SHA256, CKM.CKM_AES_CBC]) {
    t.is(prehashed(type), undefined)
  }
})
