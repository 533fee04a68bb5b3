import { fromBase64 } from '@hsmlab/event-sourcing'
import type { KeyClass, KeyTemplate, KeyType, MutableAttributeName } from './attributes.ts'
import type { CkrRejection } from './ckr-rejection.ts'

/** "Key attributes" of CloudHSM CLI: at most 127 characters, counted as bytes here. */
export const LABEL_BYTES_MAX = 127
export const ID_BYTES_MAX = 128

type TemplateAttribute = keyof KeyTemplate
type UsageFlag = Extract<
  MutableAttributeName,
  `CKA_${'ENCRYPT' | 'DECRYPT' | 'SIGN' | 'VERIFY' | 'WRAP' | 'UNWRAP' | 'DERIVE'}`
>

export const USAGE_FLAGS: ReadonlyArray<UsageFlag> = [
  'CKA_ENCRYPT',
  'CKA_DECRYPT',
  'CKA_SIGN',
  'CKA_VERIFY',
  'CKA_WRAP',
  'CKA_UNWRAP',
  'CKA_DERIVE',
]

/** What is about to be made: one half of a pair or a secret key, of one type. */
export type KeyKind = Readonly<{ keyClass: KeyClass; keyType: KeyType }>

/** Which flags may be true ("Supported attributes by template", PKCS #11 library, columns of the key generations). */
const usageOf = ({ keyClass, keyType }: KeyKind): ReadonlyArray<UsageFlag> => {
  switch (keyClass) {
    case 'CKO_PUBLIC_KEY':
      return ['CKA_ENCRYPT', 'CKA_VERIFY', 'CKA_WRAP', 'CKA_DERIVE']
    case 'CKO_PRIVATE_KEY':
      return ['CKA_DECRYPT', 'CKA_SIGN', 'CKA_UNWRAP', 'CKA_DERIVE']
    case 'CKO_SECRET_KEY':
      return keyType === 'CKK_AES' ? USAGE_FLAGS : ['CKA_SIGN', 'CKA_VERIFY', 'CKA_DERIVE']
  }
}

/** What the HSM computes itself. */
const READ_ONLY: ReadonlyArray<TemplateAttribute> = [
  'CKA_LOCAL',
  'CKA_ALWAYS_SENSITIVE',
  'CKA_NEVER_EXTRACTABLE',
  'CKA_KEY_GEN_MECHANISM',
  'CKA_CHECK_VALUE',
]

/** What describes a key's value: each kind of template takes its own and no other. */
const PARAMETERS: ReadonlyArray<TemplateAttribute> = [
  'CKA_VALUE_LEN',
  'CKA_MODULUS_BITS',
  'CKA_MODULUS',
  'CKA_PUBLIC_EXPONENT',
  'CKA_EC_PARAMS',
  'CKA_EC_POINT',
]

/**
 * A private RSA template with the public key's numbers is a mistake that CloudHSM accepts, and answers with a key of no
 * use ("Known issues for the PKCS #11 library").
 */
const RSA_NUMBERS: ReadonlyArray<TemplateAttribute> = ['CKA_MODULUS_BITS', 'CKA_PUBLIC_EXPONENT']

const parametersOf = ({ keyClass, keyType }: KeyKind): ReadonlyArray<TemplateAttribute> => {
  if (keyClass === 'CKO_SECRET_KEY') return ['CKA_VALUE_LEN']
  if (keyType === 'CKK_RSA') return RSA_NUMBERS
  return keyClass === 'CKO_PUBLIC_KEY' ? ['CKA_EC_PARAMS'] : []
}

export const losesItsUsage = (template: KeyTemplate, { keyClass, keyType }: KeyKind): boolean =>
  keyClass === 'CKO_PRIVATE_KEY' && keyType === 'CKK_RSA' && RSA_NUMBERS.some((name) => template[name] !== undefined)

/**
 * Why the HSM makes no key from this template; `undefined`: it does. It refuses what contradicts itself or weakens a
 * key. What CloudHSM's PKCS #11 library is stricter about, the library refuses; so a flag that does not fit the kind of
 * key may be given as false. `CKA_PRIVATE` is not judged: see `newSecretKey`.
 */
export const templateRefusal = (template: KeyTemplate, kind: KeyKind): CkrRejection | undefined => {
  if ((template.CKA_CLASS ?? kind.keyClass) !== kind.keyClass) {
    return { _tag: 'CKR_TEMPLATE_INCONSISTENT', message: `CKA_CLASS must be ${kind.keyClass}` }
  }
  if ((template.CKA_KEY_TYPE ?? kind.keyType) !== kind.keyType) {
    return { _tag: 'CKR_TEMPLATE_INCONSISTENT', message: `CKA_KEY_TYPE must be ${kind.keyType}` }
  }
  const computed = READ_ONLY.find((name) => template[name] !== undefined)
  if (computed !== undefined) return { _tag: 'CKR_ATTRIBUTE_READ_ONLY', message: `${computed} is read-only` }
  return misplaced(template, kind) ?? weakening(template, kind) ?? tooLong(template)
}

const misplaced = (template: KeyTemplate, kind: KeyKind): CkrRejection | undefined => {
  const fitting = parametersOf(kind)
  const usage = usageOf(kind)
  const alien =
    PARAMETERS.find((name) => template[name] !== undefined && !fitting.includes(name)) ??
    USAGE_FLAGS.find((name) => template[name] === true && !usage.includes(name))
  return alien === undefined
    ? undefined
    : { _tag: 'CKR_TEMPLATE_INCONSISTENT', message: `${alien} does not fit a ${kind.keyType} ${kind.keyClass}` }
}

const weakening = (template: KeyTemplate, { keyClass }: KeyKind): CkrRejection | undefined => {
  if (template.CKA_TRUSTED === true) {
    return { _tag: 'CKR_ATTRIBUTE_READ_ONLY', message: 'CKA_TRUSTED is set by an admin, after a key was made' }
  }
  if (keyClass === 'CKO_PRIVATE_KEY' && template.CKA_SENSITIVE === false) {
    return { _tag: 'CKR_ATTRIBUTE_VALUE_INVALID', message: 'private keys are sensitive: CKA_SENSITIVE must be true' }
  }
  if (keyClass !== 'CKO_PUBLIC_KEY') return undefined
  const secrecy = (['CKA_SENSITIVE', 'CKA_WRAP_WITH_TRUSTED'] as const).find((name) => template[name] === true)
  return secrecy === undefined
    ? undefined
    : { _tag: 'CKR_TEMPLATE_INCONSISTENT', message: `${secrecy} does not fit a public key` }
}

const LENGTHS_MAX = [
  ['CKA_LABEL', LABEL_BYTES_MAX],
  ['CKA_ID', ID_BYTES_MAX],
] as const

const tooLong = (template: KeyTemplate): CkrRejection | undefined => {
  for (const [name, bytesMax] of LENGTHS_MAX) {
    const value = template[name]
    if (value !== undefined && fromBase64(value).length > bytesMax) {
      return { _tag: 'CKR_ATTRIBUTE_VALUE_INVALID', message: `${name} holds at most ${bytesMax} bytes` }
    }
  }
  return undefined
}
