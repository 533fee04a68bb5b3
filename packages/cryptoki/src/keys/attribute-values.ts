import { type KeyClass, type KeyTemplate, type KeyType } from '@hsmlab/domain'
import { fromBase64, toBase64 } from '@hsmlab/event-sourcing'
import { CKA, CKK, type CkkName, CKO, type CkoName } from '@hsmlab/pkcs11'
import { type AttributeValue, ULONG_SIZE } from '../attribute.ts'

export type KeyAttributeName = keyof KeyTemplate
/** How a key's attribute stands in the domain: bytes as Base64, class and type by name. */
type KeyValue = string | number | boolean

type AttributeKind = 'flag' | 'number' | 'bytes' | 'class' | 'key type'

const KINDS: Readonly<Record<KeyAttributeName, AttributeKind>> = {
  CKA_CLASS: 'class',
  CKA_KEY_TYPE: 'key type',
  CKA_TOKEN: 'flag',
  CKA_PRIVATE: 'flag',
  CKA_LOCAL: 'flag',
  CKA_SENSITIVE: 'flag',
  CKA_ALWAYS_SENSITIVE: 'flag',
  CKA_NEVER_EXTRACTABLE: 'flag',
  CKA_KEY_GEN_MECHANISM: 'number',
  CKA_VALUE_LEN: 'number',
  CKA_MODULUS_BITS: 'number',
  CKA_MODULUS: 'bytes',
  CKA_PUBLIC_EXPONENT: 'bytes',
  CKA_EC_PARAMS: 'bytes',
  CKA_EC_POINT: 'bytes',
  CKA_CHECK_VALUE: 'bytes',
  CKA_LABEL: 'bytes',
  CKA_ID: 'bytes',
  CKA_MODIFIABLE: 'flag',
  CKA_DESTROYABLE: 'flag',
  CKA_EXTRACTABLE: 'flag',
  CKA_ENCRYPT: 'flag',
  CKA_DECRYPT: 'flag',
  CKA_SIGN: 'flag',
  CKA_VERIFY: 'flag',
  CKA_WRAP: 'flag',
  CKA_UNWRAP: 'flag',
  CKA_DERIVE: 'flag',
  CKA_TRUSTED: 'flag',
  CKA_WRAP_WITH_TRUSTED: 'flag',
}

const NAMES: ReadonlyMap<number, KeyAttributeName> = new Map(
  (Object.keys(KINDS) as ReadonlyArray<KeyAttributeName>).map((name) => [CKA[name], name]),
)

/** The key attribute behind a `CKA_` value; `undefined` for those that no key of ours has. */
export const keyAttributeName = (type: number): KeyAttributeName | undefined => NAMES.get(type)

const CLASSES: Readonly<Record<KeyClass, number>> = {
  CKO_SECRET_KEY: CKO.CKO_SECRET_KEY,
  CKO_PUBLIC_KEY: CKO.CKO_PUBLIC_KEY,
  CKO_PRIVATE_KEY: CKO.CKO_PRIVATE_KEY,
} satisfies Partial<Record<CkoName, number>>

const KEY_TYPES: Readonly<Record<KeyType, number>> = {
  CKK_AES: CKK.CKK_AES,
  CKK_GENERIC_SECRET: CKK.CKK_GENERIC_SECRET,
  CKK_EC: CKK.CKK_EC,
  CKK_RSA: CKK.CKK_RSA,
} satisfies Partial<Record<CkkName, number>>

const nameIn = (table: Readonly<Record<string, number>>, value: number | undefined): string | undefined =>
  value === undefined ? undefined : Object.keys(table).find((name) => table[name] === value)

/** Attributes that a wire does not know come as the program's memory. */
const flag = (value: AttributeValue): boolean | undefined => {
  if (typeof value === 'boolean') return value
  if (!(value instanceof Uint8Array) || value.length !== 1) return undefined
  return value[0] === 0 ? false : value[0] === 1 ? true : undefined
}

const number = (value: AttributeValue): number | undefined => {
  if (typeof value === 'number') return value
  if (!(value instanceof Uint8Array) || value.length !== ULONG_SIZE) return undefined
  return value.reduceRight((sum, byte) => sum * 256 + byte, 0)
}

/** What a program's value means in the domain; `undefined`: not a value that this attribute can have. */
export const toKeyValue = (name: KeyAttributeName, value: AttributeValue): KeyValue | undefined => {
  switch (KINDS[name]) {
    case 'flag':
      return flag(value)
    case 'number':
      return number(value)
    case 'bytes':
      return value instanceof Uint8Array ? toBase64(value) : undefined
    case 'class':
      return nameIn(CLASSES, number(value))
    case 'key type':
      return nameIn(KEY_TYPES, number(value))
  }
}

/** Flags that an HSM does not mention are false, label and id are empty; of the rest there is none. */
const absent = (name: KeyAttributeName): AttributeValue | undefined => {
  if (KINDS[name] === 'flag') return false
  return name === 'CKA_LABEL' || name === 'CKA_ID' ? new Uint8Array(0) : undefined
}

/** The value that a program sees; `undefined`: the key has no such attribute. */
export const fromKeyValue = (name: KeyAttributeName, attributes: KeyTemplate): AttributeValue | undefined => {
  const value = attributes[name]
  if (value === undefined) return absent(name)
  switch (KINDS[name]) {
    case 'bytes':
      return fromBase64(value as Parameters<typeof fromBase64>[0])
    case 'class':
      return CLASSES[value as KeyClass]
    case 'key type':
      return KEY_TYPES[value as KeyType]
    case 'flag':
    case 'number':
      return value as boolean | number
  }
}
