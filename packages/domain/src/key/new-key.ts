import * as E from 'fp-ts/lib/Either.js'
import {
  allowed,
  allowsKeySize,
  bytesToNumber,
  type ClusterMode,
  type CurveName,
  curveOfEcParams,
  type MechanismFunction,
  mechanismFacts,
} from '@hsmlab/crypto'
import { fromBase64, toBase64 } from '@hsmlab/event-sourcing'
import type { FixedAttributes, KeyTemplate, KeyType, MutableAttributes } from './attributes.ts'
import { type CkrRejection, refused } from './ckr-rejection.ts'
import { type KeyKind, losesItsUsage, templateRefusal } from './template-rules.ts'

const RSA_EXPONENT_MIN = 65_537n
/** FIPS 186-5 §A.1.1: the exponent is below 2^256. */
const RSA_EXPONENT_BYTES_MAX = 32

/** All attributes of a key but those that its value gives: point, modulus, check value. */
export type NewKey = Readonly<{ fixed: FixedAttributes; mutable: MutableAttributes }>
export type NewSecretKey = NewKey & Readonly<{ lengthBytes: number }>
export type KeyPairParameters =
  | Readonly<{ _tag: 'ec'; curve: CurveName }>
  /** `publicExponent` big-endian, without leading zeros. */
  | Readonly<{ _tag: 'rsa'; modulusBits: number; publicExponent: Uint8Array }>
export type NewKeyPair = Readonly<{ public: NewKey; private: NewKey; parameters: KeyPairParameters }>

const EMPTY = toBase64(new Uint8Array(0))

type Fixed = Partial<
  Pick<FixedAttributes, 'CKA_VALUE_LEN' | 'CKA_MODULUS_BITS' | 'CKA_PUBLIC_EXPONENT' | 'CKA_EC_PARAMS'>
>

/** A template that passed the rules, with PKCS#11's and CloudHSM's defaults for what it leaves out. */
const completed = (template: KeyTemplate, kind: KeyKind, mechanism: number, value: Fixed): NewKey => {
  const isPublic = kind.keyClass === 'CKO_PUBLIC_KEY'
  const sensitive = !isPublic && (template.CKA_SENSITIVE ?? true)
  const extractable = template.CKA_EXTRACTABLE ?? true
  const signs = kind.keyClass === 'CKO_SECRET_KEY'
  const usable = !losesItsUsage(template, kind)
  return {
    fixed: {
      CKA_CLASS: kind.keyClass,
      CKA_KEY_TYPE: kind.keyType,
      CKA_TOKEN: template.CKA_TOKEN ?? false,
      CKA_PRIVATE: !isPublic || (template.CKA_PRIVATE ?? true),
      CKA_LOCAL: true,
      CKA_SENSITIVE: sensitive,
      CKA_ALWAYS_SENSITIVE: sensitive,
      CKA_NEVER_EXTRACTABLE: !extractable,
      CKA_KEY_GEN_MECHANISM: mechanism,
      ...value,
    },
    mutable: {
      CKA_LABEL: template.CKA_LABEL ?? EMPTY,
      CKA_ID: template.CKA_ID ?? EMPTY,
      CKA_MODIFIABLE: template.CKA_MODIFIABLE ?? true,
      CKA_DESTROYABLE: template.CKA_DESTROYABLE ?? true,
      CKA_EXTRACTABLE: extractable,
      CKA_ENCRYPT: usable && (template.CKA_ENCRYPT ?? false),
      CKA_DECRYPT: usable && (template.CKA_DECRYPT ?? false),
      CKA_SIGN: usable && (template.CKA_SIGN ?? signs),
      CKA_VERIFY: usable && (template.CKA_VERIFY ?? signs),
      CKA_WRAP: usable && (template.CKA_WRAP ?? false),
      CKA_UNWRAP: usable && (template.CKA_UNWRAP ?? false),
      CKA_DERIVE: usable && (template.CKA_DERIVE ?? false),
      CKA_TRUSTED: false,
      CKA_WRAP_WITH_TRUSTED: template.CKA_WRAP_WITH_TRUSTED ?? false,
    },
  }
}

/** The type of key that a mechanism makes in a cluster of this mode, by the table of mechanisms. */
const madeBy = (
  mechanism: number,
  mode: ClusterMode,
  wanted: Extract<MechanismFunction, 'generate' | 'generate-pair'>,
): E.Either<CkrRejection, KeyType> => {
  const keyType = mechanismFacts(mechanism)?.keyType
  if (keyType !== undefined && allowed(mechanism, mode, keyType, wanted) === undefined) return E.right(keyType)
  return refused('CKR_MECHANISM_INVALID', 'no such key is made with this mechanism')
}

/**
 * What C_GenerateKey makes of a template. `CKA_PRIVATE` false is taken, as pkcs11-tool sends it, and the key is private
 * all the same. Refusals: CKR_MECHANISM_INVALID, CKR_TEMPLATE_INCOMPLETE (no length), CKR_ATTRIBUTE_VALUE_INVALID
 * (length, label or id out of range), CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT.
 */
export const newSecretKey = (
  template: KeyTemplate,
  mechanism: number,
  mode: ClusterMode,
): E.Either<CkrRejection, NewSecretKey> => {
  const made = madeBy(mechanism, mode, 'generate')
  if (E.isLeft(made)) return made
  const kind: KeyKind = { keyClass: 'CKO_SECRET_KEY', keyType: made.right }
  const refusal = templateRefusal(template, kind)
  if (refusal !== undefined) return E.left(refusal)

  const lengthBytes = template.CKA_VALUE_LEN
  if (lengthBytes === undefined) return refused('CKR_TEMPLATE_INCOMPLETE', 'CKA_VALUE_LEN is missing')
  if (!allowsKeySize(mechanism, made.right === 'CKK_AES' ? lengthBytes : lengthBytes * 8)) {
    return refused('CKR_ATTRIBUTE_VALUE_INVALID', `CKA_VALUE_LEN is none of a ${made.right} key`)
  }
  return E.right({ ...completed(template, kind, mechanism, { CKA_VALUE_LEN: lengthBytes }), lengthBytes })
}

/**
 * What C_GenerateKeyPair makes of two templates. A public key is as private as its template says (pkcs11-tool says
 * false; CloudHSM's default is true) and visible to everybody either way; both halves live on the token, or both in the
 * session. Refusals: CKR_MECHANISM_INVALID,
 * CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED, CKR_ATTRIBUTE_READ_ONLY,
 * CKR_TEMPLATE_INCONSISTENT.
 */
export const newKeyPair = (
  publicTemplate: KeyTemplate,
  privateTemplate: KeyTemplate,
  mechanism: number,
  mode: ClusterMode,
): E.Either<CkrRejection, NewKeyPair> => {
  const made = madeBy(mechanism, mode, 'generate-pair')
  if (E.isLeft(made)) return made
  const keyType = made.right
  const publicKind: KeyKind = { keyClass: 'CKO_PUBLIC_KEY', keyType }
  const privateKind: KeyKind = { keyClass: 'CKO_PRIVATE_KEY', keyType }
  const refusal = templateRefusal(publicTemplate, publicKind) ?? templateRefusal(privateTemplate, privateKind)
  if (refusal !== undefined) return E.left(refusal)
  if ((publicTemplate.CKA_TOKEN ?? false) !== (privateTemplate.CKA_TOKEN ?? false)) {
    return refused('CKR_TEMPLATE_INCONSISTENT', 'both halves of a pair are token keys, or both are session keys')
  }

  const parameters = keyType === 'CKK_EC' ? ecParameters(publicTemplate) : rsaParameters(publicTemplate, mechanism)
  if (E.isLeft(parameters)) return parameters
  const { value, ...rest } = parameters.right
  return E.right({
    public: completed(publicTemplate, publicKind, mechanism, value),
    private: completed(privateTemplate, privateKind, mechanism, value),
    ...rest,
  })
}

type PairValue = Readonly<{ parameters: KeyPairParameters; value: Fixed }>

const ecParameters = ({ CKA_EC_PARAMS }: KeyTemplate): E.Either<CkrRejection, PairValue> => {
  if (CKA_EC_PARAMS === undefined) return refused('CKR_TEMPLATE_INCOMPLETE', 'CKA_EC_PARAMS is missing')
  const curve = curveOfEcParams(fromBase64(CKA_EC_PARAMS))
  if (curve === undefined) return refused('CKR_CURVE_NOT_SUPPORTED', 'CKA_EC_PARAMS names no curve of this HSM')
  return E.right({ parameters: { _tag: 'ec', curve }, value: { CKA_EC_PARAMS } })
}

const rsaParameters = (template: KeyTemplate, mechanism: number): E.Either<CkrRejection, PairValue> => {
  const modulusBits = template.CKA_MODULUS_BITS
  if (modulusBits === undefined) return refused('CKR_TEMPLATE_INCOMPLETE', 'CKA_MODULUS_BITS is missing')
  if (template.CKA_PUBLIC_EXPONENT === undefined) {
    return refused('CKR_TEMPLATE_INCOMPLETE', 'CKA_PUBLIC_EXPONENT is missing')
  }
  if (!allowsKeySize(mechanism, modulusBits)) {
    return refused('CKR_ATTRIBUTE_VALUE_INVALID', 'CKA_MODULUS_BITS goes from 2048 to 4096 in steps of 256')
  }
  const publicExponent = withoutLeadingZeros(fromBase64(template.CKA_PUBLIC_EXPONENT))
  if (!isRsaExponent(publicExponent)) {
    return refused('CKR_ATTRIBUTE_VALUE_INVALID', 'CKA_PUBLIC_EXPONENT must be odd, at least 65537 and below 2^256')
  }
  return E.right({
    parameters: { _tag: 'rsa', modulusBits, publicExponent },
    value: { CKA_MODULUS_BITS: modulusBits, CKA_PUBLIC_EXPONENT: toBase64(publicExponent) },
  })
}

const withoutLeadingZeros = (bytes: Uint8Array): Uint8Array => {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? bytes.subarray(bytes.length) : bytes.subarray(first)
}

const isRsaExponent = (bytes: Uint8Array): boolean => {
  if (bytes.length === 0 || bytes.length > RSA_EXPONENT_BYTES_MAX) return false
  const value = bytesToNumber(bytes)
  return value % 2n === 1n && value >= RSA_EXPONENT_MIN
}
