import type { CurveName } from '@hsmlab/crypto'
import type { KeyClass, KeyType } from '@hsmlab/domain'

/** How CloudHSM CLI names key classes, key types and curves ("Key attributes for CloudHSM CLI"). */
export const CLASS_NAMES: Readonly<Record<KeyClass, string>> = {
  CKO_SECRET_KEY: 'secret-key',
  CKO_PUBLIC_KEY: 'public-key',
  CKO_PRIVATE_KEY: 'private-key',
}

export const KEY_TYPE_NAMES: Readonly<Record<KeyType, string>> = {
  CKK_AES: 'aes',
  CKK_GENERIC_SECRET: 'generic-secret',
  CKK_EC: 'ec',
  CKK_RSA: 'rsa',
}

/** What `--curve` takes. P-256 has two names, of which the first is printed. */
export const CURVES_BY_NAME: Readonly<Record<string, CurveName>> = {
  prime256v1: 'secp256r1',
  secp256r1: 'secp256r1',
  secp224r1: 'secp224r1',
  secp384r1: 'secp384r1',
  secp256k1: 'secp256k1',
  secp521r1: 'secp521r1',
}

/** The name whose value is `value`. */
export const nameFor = <Value>(table: Readonly<Record<string, Value>>, value: Value): string | undefined =>
  Object.keys(table).find((name) => table[name] === value)

/** The key of `table` whose text is `text`. */
export const keyFor = <Key extends string>(table: Readonly<Record<Key, string>>, text: string): Key | undefined =>
  (Object.keys(table) as Key[]).find((key) => table[key] === text)
