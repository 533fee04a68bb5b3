import type { KeyTemplate } from '@hsmlab/domain'
import { CKA, type CkaName } from '@hsmlab/pkcs11'
import { KEY_KINDS, type KeyKind } from './key-shape.ts'

/**
 * `ignored`: a known issue of CloudHSM's library: CKA_MODULUS_BITS and CKA_PUBLIC_EXPONENT in the template of an RSA
 * private key are not refused, but the key can be used for nothing ("Known issues for the PKCS #11 library").
 */
export type TemplateRule = 'mandatory' | 'allowed' | 'default only' | 'read only' | 'unsupported' | 'ignored'

const LETTERS: Readonly<Record<string, TemplateRule>> = {
  M: 'mandatory',
  Y: 'allowed',
  D: 'default only',
  R: 'read only',
  '-': 'unsupported',
  I: 'ignored',
}

/**
 * What a template for key generation may say (AWS CloudHSM User Guide, "PKCS #11 library attributes tables",
 * GenerateKeyPair and GenerateKey). M: mandatory, Y: allowed, D: only the default value, R: read-only, -: not
 * supported. Columns: RSA public, RSA private, EC public, EC private, AES, generic secret. CKA_WRAP_TEMPLATE and
 * CKA_UNWRAP_TEMPLATE will be allowed with key wrapping.
 */
const TABLE = {
  CKA_CLASS: 'Y Y Y Y Y Y',
  CKA_KEY_TYPE: 'Y Y Y Y Y Y',
  CKA_LABEL: 'Y Y Y Y Y Y',
  CKA_ID: 'Y Y Y Y Y Y',
  CKA_LOCAL: 'R R R R R R',
  CKA_TOKEN: 'Y Y Y Y Y Y',
  CKA_PRIVATE: 'D D D D D D',
  CKA_MODIFIABLE: 'Y Y Y Y Y Y',
  CKA_DESTROYABLE: 'Y Y Y Y Y Y',
  CKA_ENCRYPT: 'Y - Y - Y -',
  CKA_DECRYPT: '- Y - Y Y -',
  CKA_DERIVE: 'Y Y Y Y Y Y',
  CKA_SIGN: '- Y - Y Y Y',
  CKA_VERIFY: 'Y - Y - Y Y',
  CKA_WRAP: 'Y - Y - Y -',
  CKA_UNWRAP: '- Y - Y Y -',
  // True is the crypto officer's to say, and no crypto officer logs in here.
  CKA_TRUSTED: 'D - D - D -',
  CKA_WRAP_WITH_TRUSTED: '- Y - Y Y Y',
  CKA_SENSITIVE: '- D - D Y Y',
  CKA_EXTRACTABLE: '- Y - Y Y Y',
  CKA_ALWAYS_SENSITIVE: '- R - R - -',
  CKA_NEVER_EXTRACTABLE: '- R - R R R',
  CKA_MODULUS_BITS: 'M I - - - -',
  CKA_PUBLIC_EXPONENT: 'M I - - - -',
  CKA_EC_PARAMS: '- - M - - -',
  CKA_VALUE_LEN: '- - - - M M',
  CKA_CHECK_VALUE: 'R R R R R R',
} as const satisfies Partial<Record<CkaName, string>>

export type TemplateAttributeName = keyof typeof TABLE & keyof KeyTemplate

const NAMES = Object.keys(TABLE) as ReadonlyArray<TemplateAttributeName>

const columnOf = (kind: KeyKind): ReadonlyMap<number, TemplateRule> =>
  new Map(
    NAMES.map((name) => [CKA[name], LETTERS[TABLE[name].split(' ')[KEY_KINDS.indexOf(kind)] ?? '-'] ?? 'unsupported']),
  )

const COLUMNS = new Map(KEY_KINDS.map((kind) => [kind, columnOf(kind)]))

export const templateRule = (type: number, kind: KeyKind): TemplateRule => COLUMNS.get(kind)?.get(type) ?? 'unsupported'

/** What a template of this kind must say. */
export const mandatoryAttributes = (kind: KeyKind): ReadonlyArray<TemplateAttributeName> =>
  NAMES.filter((name) => templateRule(CKA[name], kind) === 'mandatory')

/** The usage flags: what a key may be used for. */
export const USAGES = [
  'CKA_ENCRYPT',
  'CKA_DECRYPT',
  'CKA_SIGN',
  'CKA_VERIFY',
  'CKA_WRAP',
  'CKA_UNWRAP',
  'CKA_DERIVE',
] as const satisfies ReadonlyArray<TemplateAttributeName>

/** What the library fills in: all of PKCS#11's defaults but for SIGN and VERIFY of secret keys, which are true. */
export const templateDefaults = (kind: KeyKind): KeyTemplate => {
  const isSecret = kind === 'aes' || kind === 'generic'
  const isPublic = kind === 'rsa-public' || kind === 'ec-public'
  return {
    CKA_TOKEN: false,
    CKA_PRIVATE: true,
    CKA_MODIFIABLE: true,
    CKA_DESTROYABLE: true,
    CKA_ENCRYPT: false,
    CKA_DECRYPT: false,
    CKA_SIGN: isSecret,
    CKA_VERIFY: isSecret,
    CKA_WRAP: false,
    CKA_UNWRAP: false,
    CKA_DERIVE: false,
    CKA_TRUSTED: false,
    CKA_WRAP_WITH_TRUSTED: false,
    CKA_SENSITIVE: !isPublic,
    CKA_EXTRACTABLE: true,
  }
}
