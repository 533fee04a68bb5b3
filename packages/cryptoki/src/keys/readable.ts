import { CKA, type CkaName } from '@hsmlab/pkcs11'
import { KEY_KINDS, type KeyKind } from './key-shape.ts'

export type Readability = 'shown' | 'sensitive' | 'unsupported'

const LETTERS: Readonly<Record<string, Readability>> = { Y: 'shown', S: 'sensitive', '-': 'unsupported' }

/**
 * What C_GetAttributeValue gives on which key (AWS CloudHSM User Guide, "PKCS #11 library attributes tables",
 * GetAttributeValue). Y: shown, S: sensitive, -: not supported. Columns: RSA public, RSA private, EC public,
 * EC private, AES, generic secret.
 */
const TABLE = {
  CKA_CLASS: 'Y Y Y Y Y Y',
  CKA_KEY_TYPE: 'Y Y Y Y Y Y',
  CKA_LABEL: 'Y Y Y Y Y Y',
  CKA_ID: 'Y Y Y Y Y Y',
  CKA_LOCAL: 'Y Y Y Y Y Y',
  CKA_TOKEN: 'Y Y Y Y Y Y',
  CKA_PRIVATE: 'Y Y Y Y Y Y',
  CKA_MODIFIABLE: 'Y Y Y Y Y Y',
  CKA_DESTROYABLE: 'Y Y Y Y Y Y',
  CKA_DERIVE: 'Y Y Y Y Y Y',
  CKA_ENCRYPT: 'Y - - - Y -',
  CKA_DECRYPT: '- Y - - Y -',
  CKA_WRAP: 'Y - - - Y -',
  CKA_UNWRAP: '- Y - - Y -',
  CKA_SIGN: '- Y - Y Y Y',
  CKA_VERIFY: 'Y - Y - Y Y',
  CKA_SIGN_RECOVER: '- Y - - - -',
  CKA_VERIFY_RECOVER: 'Y - - - - -',
  CKA_TRUSTED: 'Y - Y - Y Y',
  CKA_WRAP_WITH_TRUSTED: '- Y - Y Y Y',
  CKA_SENSITIVE: '- Y - Y Y Y',
  CKA_EXTRACTABLE: '- Y - Y Y Y',
  CKA_NEVER_EXTRACTABLE: '- Y - Y Y Y',
  CKA_MODULUS: 'Y Y - - - -',
  CKA_PUBLIC_EXPONENT: 'Y Y - - - -',
  CKA_MODULUS_BITS: 'Y - - - - -',
  CKA_PRIVATE_EXPONENT: '- S - - - -',
  CKA_PRIME_1: '- S - - - -',
  CKA_PRIME_2: '- S - - - -',
  CKA_EXPONENT_1: '- S - - - -',
  CKA_EXPONENT_2: '- S - - - -',
  CKA_COEFFICIENT: '- S - - - -',
  CKA_EC_PARAMS: '- - Y Y - -',
  CKA_EC_POINT: '- - Y - - -',
  // Clear values of secret keys are not handed out yet, whatever CKA_SENSITIVE says.
  CKA_VALUE: '- - - S S S',
  CKA_VALUE_LEN: '- - - - Y Y',
  CKA_CHECK_VALUE: 'Y Y Y Y Y -',
} as const satisfies Partial<Record<CkaName, string>>

type Row = Readonly<Record<KeyKind, Readability>>

const row = (letters: string): Row => {
  const cells = letters.split(' ')
  const entries = KEY_KINDS.map((kind, column) => [kind, LETTERS[cells[column] ?? '-'] ?? 'unsupported'] as const)
  return Object.fromEntries(entries) as Row
}

const ROWS: ReadonlyMap<number, Row> = new Map(
  Object.entries(TABLE).map(([name, letters]) => [CKA[name as keyof typeof TABLE], row(letters)]),
)

export const readability = (type: number, kind: KeyKind): Readability => ROWS.get(type)?.[kind] ?? 'unsupported'
