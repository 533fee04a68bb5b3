import * as E from 'fp-ts/lib/Either.js'
import { CKZ, type MechanismParameter } from '@hsmlab/pkcs11'
import { equalBytes } from '../bytes.ts'
import type { CryptoFailure, CryptoResult } from '../engine.ts'
import { HASHES, hashOfMechanism, hashOfMgf, type HashName } from '../hashes.ts'
import type { MechanismFacts } from '../mechanisms.ts'
import { digestInfo } from '../rsa/digest-info.ts'
import { pssEncode, pssFits, type PssRule, pssVerify } from '../rsa/emsa-pss.ts'
import type { Hasher } from '../rsa/mask.ts'
import { oaepDecode, oaepEncode, oaepRoom } from '../rsa/oaep.ts'
import { PKCS1_OVERHEAD, pkcs1EncryptionPad, pkcs1EncryptionUnpad, pkcs1SignaturePad } from '../rsa/pkcs1-padding.ts'
import { andThen, type CryptoBackend, type MaybePromise } from './backend.ts'
import type { Handle } from './open-key.ts'
import { failed, SIGNATURE_INVALID, verdict } from './results.ts'

type PrivateHandle = Extract<Handle, { _tag: 'rsa-private' }>
type PublicHandle = Extract<Handle, { _tag: 'rsa-public' }>
type RsaHandle = PrivateHandle | PublicHandle

const PARAMETER_INVALID = failed('CKR_MECHANISM_PARAM_INVALID')
const DATA_LEN_RANGE = failed('CKR_DATA_LEN_RANGE')
const DECRYPTION_FAILED = failed('CKR_ENCRYPTED_DATA_INVALID')

const hasher = (backend: CryptoBackend, hash: HashName): Hasher => ({
  bytes: HASHES[hash].bytes,
  hash: (message) => backend.hash(hash, message),
})

/** The digest that a signature covers: made here, or handed in. */
const digestOf = (backend: CryptoBackend, facts: MechanismFacts, message: Uint8Array): Uint8Array =>
  facts.hash === undefined ? message : backend.hash(facts.hash, message)

type PssPlan = Readonly<{ rule: PssRule; digest: Uint8Array }>

const pssPlan = (
  backend: CryptoBackend,
  handle: RsaHandle,
  facts: MechanismFacts,
  parameter: MechanismParameter,
  message: Uint8Array,
): E.Either<CryptoFailure, PssPlan> => {
  if (parameter._tag !== 'pss') return PARAMETER_INVALID
  const hash = hashOfMechanism(parameter.hash)
  const mgf = hashOfMgf(parameter.mgf)
  if (hash === undefined || mgf === undefined) return PARAMETER_INVALID
  if (facts.hash !== undefined && facts.hash !== hash) return PARAMETER_INVALID
  const { saltLength } = parameter
  const rule = { hash: hasher(backend, hash), mgf: hasher(backend, mgf), saltLength }
  if (!Number.isInteger(saltLength) || saltLength < 0 || !pssFits(rule, handle.bits)) return PARAMETER_INVALID
  const digest = digestOf(backend, facts, message)
  return digest.length === rule.hash.bytes ? E.right({ rule, digest }) : DATA_LEN_RANGE
}

const pkcs1Block = (
  backend: CryptoBackend,
  handle: RsaHandle,
  facts: MechanismFacts,
  message: Uint8Array,
): CryptoResult => {
  const digest = digestOf(backend, facts, message)
  const data = facts.hash === undefined ? digest : digestInfo(facts.hash, digest)
  if (data.length > handle.modulusBytes - PKCS1_OVERHEAD) return DATA_LEN_RANGE
  return E.right(pkcs1SignaturePad(data, handle.modulusBytes))
}

const pssBlock = (
  backend: CryptoBackend,
  handle: RsaHandle,
  facts: MechanismFacts,
  parameter: MechanismParameter,
  message: Uint8Array,
): CryptoResult => {
  const plan = pssPlan(backend, handle, facts, parameter, message)
  if (E.isLeft(plan)) return plan
  const { rule, digest } = plan.right
  return E.right(pssEncode(rule, digest, backend.randomBytes(rule.saltLength), handle.bits))
}

/** CKM_RSA_PKCS, CKM_RSA_PKCS_PSS and their hashing forms (PKCS#11 v3.1 §6.1). */
export const signRsa = (
  backend: CryptoBackend,
  handle: PrivateHandle,
  facts: MechanismFacts,
  parameter: MechanismParameter,
  message: Uint8Array,
): MaybePromise<CryptoResult> => {
  const block =
    facts.algorithm === 'rsa-pss'
      ? pssBlock(backend, handle, facts, parameter, message)
      : pkcs1Block(backend, handle, facts, message)
  return E.isLeft(block) ? block : handle.key.privateOperation(block.right)
}

export const verifyRsa = (
  backend: CryptoBackend,
  handle: PublicHandle,
  facts: MechanismFacts,
  parameter: MechanismParameter,
  message: Uint8Array,
  signature: Uint8Array,
): CryptoResult => {
  const opened = handle.key.publicOperation(signature)
  if (facts.algorithm === 'rsa-pss') {
    const plan = pssPlan(backend, handle, facts, parameter, message)
    if (E.isLeft(plan)) return plan
    if (E.isLeft(opened)) return SIGNATURE_INVALID
    return verdict(pssVerify(plan.right.rule, plan.right.digest, opened.right, handle.bits))
  }
  const expected = pkcs1Block(backend, handle, facts, message)
  if (E.isLeft(expected)) return expected
  return E.isLeft(opened) ? SIGNATURE_INVALID : verdict(equalBytes(opened.right, expected.right))
}

type OaepPlan = Readonly<{ hash: Hasher; label: Uint8Array }>

/** CloudHSM takes one hash for both places; a source of 0 without data means the same as an empty label. */
const oaepPlan = (backend: CryptoBackend, parameter: MechanismParameter): E.Either<CryptoFailure, OaepPlan> => {
  if (parameter._tag !== 'oaep') return PARAMETER_INVALID
  const hash = hashOfMechanism(parameter.hash)
  if (hash === undefined || hashOfMgf(parameter.mgf) !== hash) return PARAMETER_INVALID
  const { source, sourceData } = parameter
  if (source !== CKZ.CKZ_DATA_SPECIFIED && (source !== 0 || sourceData.length > 0)) return PARAMETER_INVALID
  return E.right({ hash: hasher(backend, hash), label: sourceData })
}

export const encryptRsa = (
  backend: CryptoBackend,
  handle: PublicHandle,
  facts: MechanismFacts,
  parameter: MechanismParameter,
  plaintext: Uint8Array,
): CryptoResult => {
  const { modulusBytes, key } = handle
  if (facts.algorithm !== 'rsa-oaep') {
    if (plaintext.length > modulusBytes - PKCS1_OVERHEAD) return DATA_LEN_RANGE
    return key.publicOperation(pkcs1EncryptionPad(plaintext, modulusBytes, backend.randomBytes))
  }
  const plan = oaepPlan(backend, parameter)
  if (E.isLeft(plan)) return plan
  const { hash, label } = plan.right
  if (plaintext.length > oaepRoom(hash, modulusBytes)) return DATA_LEN_RANGE
  return key.publicOperation(oaepEncode(hash, label, backend.randomBytes(hash.bytes), plaintext, modulusBytes))
}

export const decryptRsa = (
  backend: CryptoBackend,
  handle: PrivateHandle,
  facts: MechanismFacts,
  parameter: MechanismParameter,
  ciphertext: Uint8Array,
): MaybePromise<CryptoResult> => {
  const plan = facts.algorithm === 'rsa-oaep' ? oaepPlan(backend, parameter) : undefined
  if (plan !== undefined && E.isLeft(plan)) return plan
  if (ciphertext.length !== handle.modulusBytes) return failed('CKR_ENCRYPTED_DATA_LEN_RANGE')
  return andThen(handle.key.privateOperation(ciphertext), (block): CryptoResult => {
    if (E.isLeft(block)) return block.left._tag === 'CKR_DATA_INVALID' ? DECRYPTION_FAILED : block
    const plaintext =
      plan === undefined
        ? pkcs1EncryptionUnpad(block.right)
        : oaepDecode(plan.right.hash, plan.right.label, block.right)
    block.right.fill(0)
    return plaintext === undefined ? DECRYPTION_FAILED : E.right(plaintext)
  })
}
