import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'

export const KeyClass = t.keyof({ CKO_SECRET_KEY: null, CKO_PUBLIC_KEY: null, CKO_PRIVATE_KEY: null })
export type KeyClass = t.TypeOf<typeof KeyClass>

export const KeyType = t.keyof({ CKK_AES: null, CKK_GENERIC_SECRET: null, CKK_EC: null, CKK_RSA: null })
export type KeyType = t.TypeOf<typeof KeyType>

const ALWAYS_FIXED = {
  CKA_CLASS: KeyClass,
  CKA_KEY_TYPE: KeyType,
  CKA_TOKEN: t.boolean,
  CKA_PRIVATE: t.boolean,
  CKA_LOCAL: t.boolean,
  CKA_SENSITIVE: t.boolean,
  /** `CKA_ALWAYS_SENSITIVE` as it was made. */
  CKA_ALWAYS_SENSITIVE: t.boolean,
  CKA_NEVER_EXTRACTABLE: t.boolean,
  /** `CKM_` value of the generation, or 0xffffffff. */
  CKA_KEY_GEN_MECHANISM: t.number,
}

/** Those that only some types of key have. */
const SOMETIMES_FIXED = {
  CKA_VALUE_LEN: t.number,
  CKA_MODULUS_BITS: t.number,
  CKA_MODULUS: Base64Codec,
  CKA_PUBLIC_EXPONENT: Base64Codec,
  CKA_EC_PARAMS: Base64Codec,
  CKA_EC_POINT: Base64Codec,
  CKA_CHECK_VALUE: Base64Codec,
}

const MUTABLE = {
  CKA_LABEL: Base64Codec,
  CKA_ID: Base64Codec,
  CKA_MODIFIABLE: t.boolean,
  CKA_DESTROYABLE: t.boolean,
  CKA_EXTRACTABLE: t.boolean,
  CKA_ENCRYPT: t.boolean,
  CKA_DECRYPT: t.boolean,
  CKA_SIGN: t.boolean,
  CKA_VERIFY: t.boolean,
  CKA_WRAP: t.boolean,
  CKA_UNWRAP: t.boolean,
  CKA_DERIVE: t.boolean,
  CKA_TRUSTED: t.boolean,
  CKA_WRAP_WITH_TRUSTED: t.boolean,
}

/**
 * What is fixed when a key is made and sealed with it as associated data. `CKA_MODULUS`, `CKA_PUBLIC_EXPONENT` and
 * `CKA_EC_POINT` (the DER OCTET STRING, PKCS#11 v2.40 §2.3.3) stand on both halves of a pair: the HSM needs them;
 * which half shows them is the client's table.
 */
export const FixedAttributes = t.intersection([t.strict(ALWAYS_FIXED), t.exact(t.partial(SOMETIMES_FIXED))])
export type FixedAttributes = t.TypeOf<typeof FixedAttributes>

/** What may change after a key was made. Each stands with the stamp of its last change. */
export const MutableAttributes = t.strict(MUTABLE)
export type MutableAttributes = t.TypeOf<typeof MutableAttributes>
export type MutableAttributeName = keyof MutableAttributes

export type KeyAttributes = FixedAttributes & MutableAttributes

/** What a caller asks for; what it leaves out gets CloudHSM's default ("Key attributes", PKCS #11 library). */
export type KeyTemplate = Partial<KeyAttributes>
export const KeyTemplate: t.Type<KeyTemplate, unknown> = t.exact(
  t.partial({ ...ALWAYS_FIXED, ...SOMETIMES_FIXED, ...MUTABLE }),
)
