import { CKF, CKM } from '@hsmlab/pkcs11'
import { CURVES } from './curves.ts'
import type { CryptoFailure, CurveName } from './engine.ts'
import { HASHES, type HashName } from './hashes.ts'
import {
  type KeyTypeName,
  MECHANISMS,
  type MechanismFacts,
  mechanismFacts,
  type MechanismFunction,
} from './mechanisms.ts'

/** The mode of a cluster, as DescribeClusters spells it. */
export type ClusterMode = 'FIPS' | 'NON_FIPS'

/** CK_MECHANISM_INFO of PKCS#11 v3.1 §3.5. */
export type MechanismInfo = Readonly<{ minKeySize: number; maxKeySize: number; flags: number }>

const FLAG_OF: Readonly<Record<MechanismFunction, number>> = {
  sign: CKF.CKF_SIGN,
  verify: CKF.CKF_VERIFY,
  encrypt: CKF.CKF_ENCRYPT,
  decrypt: CKF.CKF_DECRYPT,
  digest: CKF.CKF_DIGEST,
  generate: CKF.CKF_GENERATE,
  'generate-pair': CKF.CKF_GENERATE_KEY_PAIR,
}

/** PKCS#11 v3.1 §6.3: prime fields, named curves, uncompressed points. */
const EC_FLAGS = CKF.CKF_EC_F_P | CKF.CKF_EC_NAMEDCURVE | CKF.CKF_EC_UNCOMPRESS

const functionsIn = (facts: MechanismFacts, mode: ClusterMode): ReadonlyArray<MechanismFunction> =>
  mode === 'FIPS' ? facts.functions.filter((each) => !facts.refusedInFips.includes(each)) : facts.functions

/** What C_GetMechanismList lists, in the table's order. */
export const mechanismTypes = (mode: ClusterMode): ReadonlyArray<number> =>
  MECHANISMS.filter((facts) => functionsIn(facts, mode).length > 0).map((facts) => facts.type)

/**
 * What C_GetMechanismInfo answers; `undefined` means CKR_MECHANISM_INVALID. CKF_HW stands where the HSM computes: not
 * at digests, which CloudHSM's library computes itself.
 */
export const mechanismInfo = (type: number, mode: ClusterMode = 'FIPS'): MechanismInfo | undefined => {
  const facts = mechanismFacts(type)
  if (facts === undefined) return undefined
  const functions = functionsIn(facts, mode)
  if (functions.length === 0) return undefined
  const place = facts.place === 'hsm' ? CKF.CKF_HW : 0
  const curves = facts.keyType === 'CKK_EC' ? EC_FLAGS : 0
  const flags = functions.reduce((sum, each) => sum | FLAG_OF[each], place | curves)
  return { minKeySize: facts.sizes.min, maxKeySize: facts.sizes.max, flags }
}

/**
 * Why a mechanism may not do this with such a key in a cluster of this mode; `undefined`: it may. `keyType` is
 * undefined for digests. CKR_MECHANISM_INVALID: unknown, without this function, or refused by FIPS mode;
 * CKR_KEY_TYPE_INCONSISTENT: another type of key.
 */
export const allowed = (
  type: number,
  mode: ClusterMode,
  keyType: KeyTypeName | undefined,
  wanted: MechanismFunction,
): CryptoFailure | undefined => {
  const facts = mechanismFacts(type)
  if (facts === undefined || !functionsIn(facts, mode).includes(wanted)) return { _tag: 'CKR_MECHANISM_INVALID' }
  return facts.keyType === keyType ? undefined : { _tag: 'CKR_KEY_TYPE_INCONSISTENT' }
}

/** Whether the mechanism makes keys of `size`, in the table's unit: bits, or bytes for AES. */
export const allowsKeySize = (type: number, size: number): boolean => {
  const sizes = mechanismFacts(type)?.sizes
  return sizes !== undefined && size >= sizes.min && size <= sizes.max && (size - sizes.min) % sizes.step === 0
}

/**
 * Client SDK 5.16 and newer refuses, against a FIPS cluster, ECDSA with a hash weaker than the curve
 * (*Client SDK 5 release notes*). The strengths in bits that its message names, or `undefined` for a good pair.
 */
export const weakHashUnderCurve = (
  type: number,
  curve: CurveName,
): Readonly<{ digestBits: number; keyBits: number }> | undefined => {
  const facts = mechanismFacts(type)
  if (facts?.algorithm !== 'ecdsa' || facts.hash === undefined) return undefined
  const digestBits = HASHES[facts.hash].strengthBits
  const keyBits = CURVES[curve].strengthBits
  return digestBits < keyBits ? { digestBits, keyBits } : undefined
}

/**
 * A signature mechanism that hashes, taken apart: the hash, and the mechanism that signs its digest (for
 * CKM_RSA_PKCS, what `digestInfo` makes of the digest). A client that hashes a long message itself, as CloudHSM's
 * does, sends that one; the parameter stays. `undefined` for mechanisms that do not hash, and for HMAC.
 */
export const prehashed = (type: number): Readonly<{ hash: HashName; type: number }> | undefined => {
  const facts = mechanismFacts(type)
  if (facts?.hash === undefined) return undefined
  switch (facts.algorithm) {
    case 'ecdsa':
      return { hash: facts.hash, type: CKM.CKM_ECDSA }
    case 'rsa-pkcs1':
      return { hash: facts.hash, type: CKM.CKM_RSA_PKCS }
    case 'rsa-pss':
      return { hash: facts.hash, type: CKM.CKM_RSA_PKCS_PSS }
    default:
      return undefined
  }
}
