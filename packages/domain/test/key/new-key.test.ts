import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { CURVE_NAMES, ecParams } from '@hsmlab/crypto'
import { toBase64 } from '@hsmlab/event-sourcing'
import { CKM } from '@hsmlab/pkcs11'
import { type CkrRejection, type KeyTemplate, newKeyPair, newSecretKey } from '../../src/index.ts'

const bytes = (...values: ReadonlyArray<number>) => toBase64(Uint8Array.from(values))
const zeros = (length: number) => toBase64(new Uint8Array(length))
const p256 = { CKA_EC_PARAMS: toBase64(ecParams('secp256r1')) }
const rsa2048 = { CKA_MODULUS_BITS: 2048, CKA_PUBLIC_EXPONENT: bytes(1, 0, 1) }

const aes = (template: KeyTemplate) => newSecretKey({ CKA_VALUE_LEN: 32, ...template }, CKM.CKM_AES_KEY_GEN, 'FIPS')
const secret = (template: KeyTemplate) => newSecretKey(template, CKM.CKM_GENERIC_SECRET_KEY_GEN, 'FIPS')
const ec = (publicTemplate: KeyTemplate, privateTemplate: KeyTemplate = {}) =>
  newKeyPair(publicTemplate, privateTemplate, CKM.CKM_EC_KEY_PAIR_GEN, 'FIPS')
const rsa = (publicTemplate: KeyTemplate, privateTemplate: KeyTemplate = {}) =>
  newKeyPair(publicTemplate, privateTemplate, CKM.CKM_RSA_PKCS_KEY_PAIR_GEN, 'FIPS')

const right = <A>(result: E.Either<CkrRejection, A>): A => {
  if (E.isLeft(result)) throw new Error(result.left.message)
  return result.right
}
const refusalOf = <A>(result: E.Either<CkrRejection, A>) => (E.isLeft(result) ? result.left._tag : 'made')

test('an AES key gets the defaults of C_GenerateKey', (t) => {
  t.deepEqual(right(aes({})), {
    fixed: {
      CKA_CLASS: 'CKO_SECRET_KEY',
      CKA_KEY_TYPE: 'CKK_AES',
      CKA_TOKEN: false,
      CKA_PRIVATE: true,
      CKA_LOCAL: true,
      CKA_SENSITIVE: true,
      CKA_ALWAYS_SENSITIVE: true,
      CKA_NEVER_EXTRACTABLE: false,
      CKA_KEY_GEN_MECHANISM: CKM.CKM_AES_KEY_GEN,
      CKA_VALUE_LEN: 32,
    },
    mutable: {
      CKA_LABEL: zeros(0),
      CKA_ID: zeros(0),
      CKA_MODIFIABLE: true,
      CKA_DESTROYABLE: true,
      CKA_EXTRACTABLE: true,
      CKA_ENCRYPT: false,
      CKA_DECRYPT: false,
      CKA_SIGN: true,
      CKA_VERIFY: true,
      CKA_WRAP: false,
      CKA_UNWRAP: false,
      CKA_DERIVE: false,
      CKA_TRUSTED: false,
      CKA_WRAP_WITH_TRUSTED: false,
    },
    lengthBytes: 32,
  })
})

test('a key that may never leave is never extractable', (t) => {
  const { fixed, mutable } = right(aes({ CKA_EXTRACTABLE: false }))
  t.false(mutable.CKA_EXTRACTABLE)
  t.true(fixed.CKA_NEVER_EXTRACTABLE)
})

test('a secret key that is not sensitive was never always so', (t) => {
  t.false(right(aes({ CKA_SENSITIVE: false })).fixed.CKA_ALWAYS_SENSITIVE)
})

test('what pkcs11-tool sends makes an AES key, private all the same', (t) => {
  const template: KeyTemplate = {
    CKA_CLASS: 'CKO_SECRET_KEY',
    CKA_TOKEN: true,
    CKA_KEY_TYPE: 'CKK_AES',
    CKA_SENSITIVE: false,
    CKA_EXTRACTABLE: false,
    CKA_PRIVATE: false,
    CKA_ENCRYPT: true,
    CKA_DECRYPT: true,
    CKA_LABEL: bytes(0x61),
  }
  const { fixed, mutable } = right(aes(template))
  t.true(fixed.CKA_TOKEN && fixed.CKA_PRIVATE && mutable.CKA_ENCRYPT && mutable.CKA_DECRYPT)
})

test('AES keys have 128, 192 or 256 bits', (t) => {
  t.deepEqual(
    [16, 24, 32].map((length) => right(aes({ CKA_VALUE_LEN: length })).lengthBytes),
    [16, 24, 32],
  )
  for (const length of [-16, 0, 8, 17, 20, 33, 64, 16.5, Number.NaN]) {
    t.is(refusalOf(aes({ CKA_VALUE_LEN: length })), 'CKR_ATTRIBUTE_VALUE_INVALID')
  }
})

test('generic secrets have 1 to 800 bytes', (t) => {
  t.is(right(secret({ CKA_VALUE_LEN: 1 })).lengthBytes, 1)
  t.is(right(secret({ CKA_VALUE_LEN: 800 })).lengthBytes, 800)
  t.is(refusalOf(secret({ CKA_VALUE_LEN: 0 })), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(refusalOf(secret({ CKA_VALUE_LEN: 801 })), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(refusalOf(secret({ CKA_VALUE_LEN: 1.5 })), 'CKR_ATTRIBUTE_VALUE_INVALID')
})

test('a length, curve, modulus size or exponent that is missing leaves the template incomplete', (t) => {
  t.is(refusalOf(secret({})), 'CKR_TEMPLATE_INCOMPLETE')
  t.is(refusalOf(ec({})), 'CKR_TEMPLATE_INCOMPLETE')
  t.is(refusalOf(rsa({ CKA_MODULUS_BITS: 2048 })), 'CKR_TEMPLATE_INCOMPLETE')
  t.is(refusalOf(rsa({ CKA_PUBLIC_EXPONENT: bytes(1, 0, 1) })), 'CKR_TEMPLATE_INCOMPLETE')
})

test('a mechanism that makes no keys, or other ones, is invalid', (t) => {
  const made = { CKA_VALUE_LEN: 32 }
  t.is(refusalOf(newSecretKey(made, CKM.CKM_ECDSA, 'FIPS')), 'CKR_MECHANISM_INVALID')
  t.is(refusalOf(newSecretKey(made, CKM.CKM_EC_KEY_PAIR_GEN, 'FIPS')), 'CKR_MECHANISM_INVALID')
  t.is(refusalOf(newSecretKey(made, CKM.CKM_DES3_KEY_GEN, 'FIPS')), 'CKR_MECHANISM_INVALID')
  t.is(refusalOf(newKeyPair(p256, {}, CKM.CKM_AES_KEY_GEN, 'NON_FIPS')), 'CKR_MECHANISM_INVALID')
})

test('class and type must be those of the mechanism', (t) => {
  t.is(refusalOf(aes({ CKA_CLASS: 'CKO_PUBLIC_KEY' })), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(aes({ CKA_KEY_TYPE: 'CKK_GENERIC_SECRET' })), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(ec({ ...p256, CKA_CLASS: 'CKO_PRIVATE_KEY' })), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(ec(p256, { CKA_KEY_TYPE: 'CKK_RSA' })), 'CKR_TEMPLATE_INCONSISTENT')
})

test('what the HSM computes is read-only', (t) => {
  t.is(refusalOf(aes({ CKA_LOCAL: true })), 'CKR_ATTRIBUTE_READ_ONLY')
  t.is(refusalOf(aes({ CKA_ALWAYS_SENSITIVE: true })), 'CKR_ATTRIBUTE_READ_ONLY')
  t.is(refusalOf(ec(p256, { CKA_NEVER_EXTRACTABLE: true })), 'CKR_ATTRIBUTE_READ_ONLY')
  t.is(refusalOf(ec({ ...p256, CKA_CHECK_VALUE: zeros(3) })), 'CKR_ATTRIBUTE_READ_ONLY')
})

test('nobody makes a key trusted', (t) => {
  t.is(refusalOf(aes({ CKA_TRUSTED: true })), 'CKR_ATTRIBUTE_READ_ONLY')
  t.is(refusalOf(aes({ CKA_TRUSTED: false })), 'made')
})

test('a use that does not fit the kind of key is inconsistent, its absence is not', (t) => {
  t.is(refusalOf(ec({ ...p256, CKA_SIGN: true })), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(ec({ ...p256, CKA_SIGN: false })), 'made')
  t.is(refusalOf(ec(p256, { CKA_VERIFY: true })), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(secret({ CKA_VALUE_LEN: 32, CKA_ENCRYPT: true })), 'CKR_TEMPLATE_INCONSISTENT')
})

test('what describes another kind of value is inconsistent', (t) => {
  t.is(refusalOf(aes({ CKA_MODULUS_BITS: 2048 })), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(ec({ ...p256, CKA_VALUE_LEN: 32 })), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(ec({ ...p256, CKA_EC_POINT: zeros(65) })), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(ec(p256, p256)), 'CKR_TEMPLATE_INCONSISTENT')
})

test('labels hold 127 bytes, ids 128', (t) => {
  t.is(refusalOf(aes({ CKA_LABEL: zeros(127), CKA_ID: zeros(128) })), 'made')
  t.is(refusalOf(aes({ CKA_LABEL: zeros(128) })), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(refusalOf(ec(p256, { CKA_ID: zeros(129) })), 'CKR_ATTRIBUTE_VALUE_INVALID')
})

test('a pair is a public key for all and a sensitive private key', (t) => {
  const pair = right(ec({ ...p256, CKA_TOKEN: true, CKA_VERIFY: true }, { CKA_TOKEN: true, CKA_SIGN: true }))
  t.deepEqual(pair.parameters, { _tag: 'ec', curve: 'secp256r1' })
  t.is(pair.public.fixed.CKA_CLASS, 'CKO_PUBLIC_KEY')
  t.false(pair.public.fixed.CKA_SENSITIVE || pair.public.fixed.CKA_ALWAYS_SENSITIVE)
  t.true(pair.public.mutable.CKA_EXTRACTABLE && pair.public.mutable.CKA_VERIFY && !pair.public.mutable.CKA_SIGN)
  t.is(pair.private.fixed.CKA_CLASS, 'CKO_PRIVATE_KEY')
  t.true(pair.private.fixed.CKA_SENSITIVE && pair.private.fixed.CKA_ALWAYS_SENSITIVE)
  t.true(pair.private.mutable.CKA_SIGN && !pair.private.mutable.CKA_VERIFY)
  t.deepEqual(
    [pair.public.fixed.CKA_EC_PARAMS, pair.private.fixed.CKA_EC_PARAMS],
    [p256.CKA_EC_PARAMS, p256.CKA_EC_PARAMS],
  )
})

test('a public key is as private as asked, a private key always', (t) => {
  t.true(right(ec(p256)).public.fixed.CKA_PRIVATE)
  t.false(right(ec({ ...p256, CKA_PRIVATE: false })).public.fixed.CKA_PRIVATE)
  t.true(right(ec(p256, { CKA_PRIVATE: false })).private.fixed.CKA_PRIVATE)
})

test('private keys are sensitive, public keys are not', (t) => {
  t.is(refusalOf(ec(p256, { CKA_SENSITIVE: false })), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(refusalOf(ec({ ...p256, CKA_SENSITIVE: true })), 'CKR_TEMPLATE_INCONSISTENT')
})

test('every curve of CloudHSM is known by its object identifier', (t) => {
  for (const curve of CURVE_NAMES) {
    const pair = right(ec({ CKA_EC_PARAMS: toBase64(ecParams(curve)) }))
    t.deepEqual(pair.parameters, { _tag: 'ec', curve })
  }
})

test('other curves, curve names and garbage are refused', (t) => {
  const brainpoolP256r1 = bytes(6, 9, 0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7)
  const edwards25519 = bytes(0x13, 12, ...new TextEncoder().encode('edwards25519'))
  for (const parameters of [brainpoolP256r1, edwards25519, bytes(0), zeros(0), zeros(200)]) {
    t.is(refusalOf(ec({ CKA_EC_PARAMS: parameters })), 'CKR_CURVE_NOT_SUPPORTED')
  }
})

test('RSA moduli have 2048 to 4096 bits in steps of 256', (t) => {
  for (const bits of [2048, 2304, 3072, 3840, 4096]) {
    const pair = right(rsa({ ...rsa2048, CKA_MODULUS_BITS: bits }))
    t.deepEqual(pair.parameters, { _tag: 'rsa', modulusBits: bits, publicExponent: Uint8Array.of(1, 0, 1) })
  }
  for (const bits of [1024, 2047, 2049, 4352, 8192, Number.NaN]) {
    t.is(refusalOf(rsa({ ...rsa2048, CKA_MODULUS_BITS: bits })), 'CKR_ATTRIBUTE_VALUE_INVALID')
  }
})

test('RSA exponents are odd, at least 65537 and below 2^256, leading zeros aside', (t) => {
  const exponent = (...values: ReadonlyArray<number>) => rsa({ ...rsa2048, CKA_PUBLIC_EXPONENT: bytes(...values) })
  t.is(refusalOf(exponent(1, 0, 1)), 'made')
  t.is(right(exponent(0, 0, 1, 0, 1)).public.fixed.CKA_PUBLIC_EXPONENT, bytes(1, 0, 1))
  t.is(refusalOf(exponent(...Array.from({ length: 32 }, () => 0xff))), 'made')
  for (const values of [
    [],
    [0],
    [3],
    [0xff, 0xff],
    [1, 0, 0],
    [1, 0, 2],
    [1, ...Array.from({ length: 32 }, () => 1)],
  ]) {
    t.is(refusalOf(exponent(...values)), 'CKR_ATTRIBUTE_VALUE_INVALID')
  }
})

test('a private RSA template with the public numbers gives a key of no use, as on CloudHSM', (t) => {
  const pair = right(rsa({ ...rsa2048, CKA_VERIFY: true }, { ...rsa2048, CKA_SIGN: true, CKA_DECRYPT: true }))
  t.true(pair.public.mutable.CKA_VERIFY)
  t.false(pair.private.mutable.CKA_SIGN || pair.private.mutable.CKA_DECRYPT)
})

test('X9.31 generation makes RSA keys too, and they say so', (t) => {
  const pair = right(newKeyPair(rsa2048, {}, CKM.CKM_RSA_X9_31_KEY_PAIR_GEN, 'FIPS'))
  t.is(pair.private.fixed.CKA_KEY_GEN_MECHANISM, CKM.CKM_RSA_X9_31_KEY_PAIR_GEN)
})

test('a pair is of token keys or of session keys', (t) => {
  t.is(refusalOf(ec({ ...p256, CKA_TOKEN: true }, { CKA_TOKEN: true })), 'made')
  t.is(refusalOf(ec(p256, {})), 'made')
  t.is(refusalOf(ec({ ...p256, CKA_TOKEN: true }, {})), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(refusalOf(ec(p256, { CKA_TOKEN: true })), 'CKR_TEMPLATE_INCONSISTENT')
})
