import { hexToBytes } from '@noble/hashes/utils.js'
import * as E from 'fp-ts/lib/Either.js'
import { CKM, CKZ, type Mechanism, type MechanismParameter, NO_PARAMETER } from '@hsmlab/pkcs11'
import { equalBytes } from '../bytes.ts'
import { CURVE_NAMES } from '../der/ec-params.ts'
import type { CryptoEngine, KeyMaterial } from '../engine.ts'
import { HASH_NAMES, HASHES, type HashName } from '../hashes.ts'
import { type Algorithm, MECHANISMS } from '../mechanisms.ts'
import type { Test } from './test-face.ts'
import type { WycheproofFile, WycheproofGroup, WycheproofTest } from './wycheproof-file.ts'

/** `undefined`: the engine rightly does not take part, since CloudHSM has no such key or parameter. */
type Verdict = boolean | undefined
type Check = (engine: CryptoEngine, group: WycheproofGroup, test: WycheproofTest) => Promise<Verdict>

const bytes = (hex: string | undefined): Uint8Array => hexToBytes(hex ?? '')

const hashOf = (sha: string | undefined): HashName | undefined => HASH_NAMES.find((name) => name === sha)

const hashing = (algorithm: Algorithm, hash: HashName, parameter: MechanismParameter = NO_PARAMETER): Mechanism => {
  const facts = MECHANISMS.find((each) => each.algorithm === algorithm && each.hash === hash)
  return { type: facts?.type ?? 0, parameter }
}

const opened = (engine: CryptoEngine, material: KeyMaterial) => {
  const key = engine.open(material)
  return E.isLeft(key) ? undefined : key.right
}

const verifies = async (
  engine: CryptoEngine,
  material: KeyMaterial,
  mechanism: Mechanism,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<Verdict> => {
  const key = opened(engine, material)
  return key && E.isRight(await engine.verify(key, mechanism, message, signature))
}

/** Hashed in the engine, and the ready digest: the two roads must agree. */
const ecdsa: Check = async (engine, { publicKey, sha }, { tcId, msg, sig }) => {
  const hash = hashOf(sha)
  const curve = CURVE_NAMES.find((name) => name === publicKey?.curve)
  if (hash === undefined || curve === undefined) return undefined
  const material = { _tag: 'ec-public', curve, point: bytes(publicKey?.uncompressed) } as const
  const hashed = await verifies(engine, material, hashing('ecdsa', hash), bytes(msg), bytes(sig))
  const digest = engine.digest({ type: HASHES[hash].mechanism, parameter: NO_PARAMETER }, bytes(msg))
  if (E.isLeft(digest)) return undefined
  const ready = { type: CKM.CKM_ECDSA, parameter: NO_PARAMETER }
  const raw = await verifies(engine, material, ready, digest.right, bytes(sig))
  if (raw !== hashed) throw new Error(`${tcId}: the ready digest and the hashed message are judged differently`)
  return raw
}

const rsaPublic = ({ publicKey }: WycheproofGroup): KeyMaterial => ({
  _tag: 'rsa-public',
  modulus: bytes(publicKey?.modulus),
  publicExponent: bytes(publicKey?.publicExponent),
})

const rsaSignature: Check = async (engine, group, { msg, sig }) => {
  const hash = hashOf(group.sha)
  if (hash === undefined) return undefined
  return verifies(engine, rsaPublic(group), hashing('rsa-pkcs1', hash), bytes(msg), bytes(sig))
}

const rsaPss: Check = async (engine, group, { msg, sig }) => {
  const hash = hashOf(group.sha)
  const mgf = hashOf(group.mgfSha)
  if (hash === undefined || mgf === undefined) return undefined
  const saltLength = group.sLen ?? 0
  const parameter = { _tag: 'pss', hash: HASHES[hash].mechanism, mgf: HASHES[mgf].mgf, saltLength } as const
  return verifies(engine, rsaPublic(group), hashing('rsa-pss', hash, parameter), bytes(msg), bytes(sig))
}

const rsaSign: Check = async (engine, { sha, privateKeyPkcs8 }, { msg, sig }) => {
  const hash = hashOf(sha)
  const key = opened(engine, { _tag: 'rsa-private', pkcs8: bytes(privateKeyPkcs8) })
  if (hash === undefined || key === undefined) return undefined
  const signed = await engine.sign(key, hashing('rsa-pkcs1', hash), bytes(msg))
  return E.isRight(signed) && equalBytes(signed.right, bytes(sig))
}

const decrypts = async (
  engine: CryptoEngine,
  material: KeyMaterial,
  mechanism: Mechanism,
  { msg, ct, result }: WycheproofTest,
): Promise<Verdict> => {
  const key = opened(engine, material)
  if (key === undefined) return undefined
  const plaintext = await engine.decrypt(key, mechanism, bytes(ct))
  if (E.isRight(plaintext)) return result !== 'valid' || equalBytes(plaintext.right, bytes(msg))
  return plaintext.left._tag === 'CKR_MECHANISM_PARAM_INVALID' ? undefined : false
}

const rsaPkcs1: Check = (engine, { privateKeyPkcs8 }, test) => {
  const material = { _tag: 'rsa-private', pkcs8: bytes(privateKeyPkcs8) } as const
  return decrypts(engine, material, { type: CKM.CKM_RSA_PKCS, parameter: NO_PARAMETER }, test)
}

const rsaOaep: Check = async (engine, { sha, mgfSha, privateKeyPkcs8 }, test) => {
  const hash = hashOf(sha)
  const mgf = hashOf(mgfSha)
  if (hash === undefined || mgf === undefined) return undefined
  const parameter = {
    _tag: 'oaep',
    hash: HASHES[hash].mechanism,
    mgf: HASHES[mgf].mgf,
    source: CKZ.CKZ_DATA_SPECIFIED,
    sourceData: bytes(test.label),
  } as const
  const material = { _tag: 'rsa-private', pkcs8: bytes(privateKeyPkcs8) } as const
  return decrypts(engine, material, { type: CKM.CKM_RSA_PKCS_OAEP, parameter }, test)
}

const aes = (value: string | undefined): KeyMaterial => ({ _tag: 'secret', keyType: 'CKK_AES', value: bytes(value) })

const aesGcm: Check = async (engine, { tagSize }, test) => {
  const key = opened(engine, aes(test.key))
  const parameter = { _tag: 'gcm', iv: bytes(test.iv), aad: bytes(test.aad), tagBits: tagSize ?? 0 } as const
  const mechanism = { type: CKM.CKM_AES_GCM, parameter }
  const ciphertext = `${test.ct ?? ''}${test.tag ?? ''}`
  const isOpened = await decrypts(engine, aes(test.key), mechanism, { ...test, ct: ciphertext })
  if (key === undefined || isOpened !== true || test.result !== 'valid') return isOpened
  const sealed = await engine.encrypt(key, mechanism, bytes(test.msg))
  return E.isRight(sealed) && equalBytes(sealed.right, bytes(ciphertext))
}

const aesCbc: Check = async (engine, _group, test) => {
  const key = opened(engine, aes(test.key))
  const mechanism = { type: CKM.CKM_AES_CBC_PAD, parameter: { _tag: 'iv', iv: bytes(test.iv) } as const }
  const isOpened = await decrypts(engine, aes(test.key), mechanism, test)
  if (key === undefined || isOpened !== true || test.result !== 'valid') return isOpened
  const sealed = await engine.encrypt(key, mechanism, bytes(test.msg))
  return E.isRight(sealed) && equalBytes(sealed.right, bytes(test.ct))
}

/** Wycheproof also cuts MACs short; CKM_…_HMAC never does. */
const hmac =
  (hash: HashName): Check =>
  async (engine, { tagSize }, { key, msg, tag }) => {
    if (tagSize !== HASHES[hash].bytes * 8) return undefined
    const material = { _tag: 'secret', keyType: 'CKK_GENERIC_SECRET', value: bytes(key) } as const
    return verifies(engine, material, hashing('hmac', hash), bytes(msg), bytes(tag))
  }

const keyWrap: Check = async (engine, { keySize }, { key, msg, ct }) => {
  if (keySize !== 256) return undefined
  const unwrapped = engine.aesKeyUnwrapPadded(bytes(key), bytes(ct))
  if (unwrapped === undefined || !equalBytes(unwrapped, bytes(msg))) return false
  return equalBytes(engine.aesKeyWrapPadded(bytes(key), bytes(msg)), bytes(ct))
}

const ed25519: Check = async (engine, { publicKey }, { msg, sig }) =>
  engine.ed25519.verify(bytes(publicKey?.pk), bytes(msg), bytes(sig))

const pbkdf2: Check = async (engine, _group, { password, salt, iterationCount = 0, dkLen = 0, dk }) =>
  equalBytes(await engine.pbkdf2Sha256(bytes(password), bytes(salt), iterationCount, dkLen), bytes(dk))

/** Which file is checked how, by the file's name without `_test.json`. */
export const WYCHEPROOF_CHECKS: Readonly<Record<string, Check>> = {
  aes_cbc_pkcs5: aesCbc,
  aes_gcm: aesGcm,
  aes_kwp: keyWrap,
  ecdsa_secp224r1_sha224_p1363: ecdsa,
  ecdsa_secp224r1_sha256_p1363: ecdsa,
  ecdsa_secp224r1_sha512_p1363: ecdsa,
  ecdsa_secp256k1_sha256_p1363: ecdsa,
  ecdsa_secp256k1_sha512_p1363: ecdsa,
  ecdsa_secp256r1_sha256_p1363: ecdsa,
  ecdsa_secp256r1_sha512_p1363: ecdsa,
  ecdsa_secp384r1_sha384_p1363: ecdsa,
  ecdsa_secp384r1_sha512_p1363: ecdsa,
  ecdsa_secp521r1_sha512_p1363: ecdsa,
  ed25519,
  hmac_sha1: hmac('SHA-1'),
  hmac_sha224: hmac('SHA-224'),
  hmac_sha256: hmac('SHA-256'),
  hmac_sha384: hmac('SHA-384'),
  hmac_sha512: hmac('SHA-512'),
  pbkdf2_hmacsha256: pbkdf2,
  rsa_oaep_2048_sha1_mgf1sha1: rsaOaep,
  rsa_oaep_2048_sha224_mgf1sha224: rsaOaep,
  rsa_oaep_2048_sha256_mgf1sha256: rsaOaep,
  rsa_oaep_2048_sha384_mgf1sha384: rsaOaep,
  rsa_oaep_2048_sha512_mgf1sha512: rsaOaep,
  rsa_oaep_3072_sha256_mgf1sha256: rsaOaep,
  rsa_oaep_3072_sha512_mgf1sha512: rsaOaep,
  rsa_oaep_4096_sha256_mgf1sha256: rsaOaep,
  rsa_oaep_4096_sha512_mgf1sha512: rsaOaep,
  rsa_pkcs1_2048: rsaPkcs1,
  rsa_pkcs1_3072: rsaPkcs1,
  rsa_pkcs1_4096: rsaPkcs1,
  rsa_pkcs1_2048_sig_gen: rsaSign,
  rsa_pkcs1_3072_sig_gen: rsaSign,
  rsa_pkcs1_4096_sig_gen: rsaSign,
  rsa_pss_2048_sha1_mgf1_20: rsaPss,
  rsa_pss_2048_sha256_mgf1_0: rsaPss,
  rsa_pss_2048_sha256_mgf1_32: rsaPss,
  rsa_pss_2048_sha384_mgf1_48: rsaPss,
  rsa_pss_3072_sha256_mgf1_32: rsaPss,
  rsa_pss_4096_sha256_mgf1_32: rsaPss,
  rsa_pss_4096_sha384_mgf1_48: rsaPss,
  rsa_pss_4096_sha512_mgf1_32: rsaPss,
  rsa_pss_4096_sha512_mgf1_64: rsaPss,
  rsa_pss_misc: rsaPss,
  rsa_signature_2048_sha224: rsaSignature,
  rsa_signature_2048_sha256: rsaSignature,
  rsa_signature_2048_sha384: rsaSignature,
  rsa_signature_2048_sha512: rsaSignature,
  rsa_signature_3072_sha256: rsaSignature,
  rsa_signature_3072_sha384: rsaSignature,
  rsa_signature_3072_sha512: rsaSignature,
  rsa_signature_4096_sha256: rsaSignature,
  rsa_signature_4096_sha384: rsaSignature,
  rsa_signature_4096_sha512: rsaSignature,
}

const mistakes = async (engine: CryptoEngine, file: WycheproofFile, check: Check) => {
  const wrong: Array<string> = []
  let checked = 0
  for (const group of file.testGroups) {
    for (const test of group.tests) {
      const verdict = await check(engine, group, test)
      if (verdict === undefined) continue
      checked++
      const isWrong = test.result !== 'acceptable' && verdict !== (test.result === 'valid')
      if (isWrong) wrong.push(`${test.tcId} is ${test.result}`)
    }
  }
  return { wrong, checked }
}

/**
 * Project Wycheproof's vectors (C2SP/wycheproof, Apache-2.0), read in place by `read` from a file's name without
 * `_test.json`. Where `read` has none, the test says that they were left out.
 */
export const wycheproofContract = (
  test: Test,
  engine: CryptoEngine,
  read: (name: string) => WycheproofFile | undefined,
  names: ReadonlyArray<string> = Object.keys(WYCHEPROOF_CHECKS),
): void => {
  for (const name of names) {
    test(`Wycheproof ${name}: the ${engine.name} engine takes what is valid and nothing else`, async (t) => {
      const file = read(name)
      const check = WYCHEPROOF_CHECKS[name]
      if (file === undefined || check === undefined) {
        t.log(`left out: the vectors ${name} are not here`)
        t.pass()
        return
      }
      const { wrong, checked } = await mistakes(engine, file, check)
      t.deepEqual(wrong, [])
      t.true(checked > 0, 'nothing of the file was checked')
    })
  }
}
