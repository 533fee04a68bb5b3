import * as fc from 'fast-check'
import { ecParams } from '@hsmlab/crypto'
import { type Base64, toBase64 } from '@hsmlab/event-sourcing'
import { CKM } from '@hsmlab/pkcs11'
import type { FixedAttributes, KeyTemplate, MutableAttributes } from '../key/attributes.ts'

export const base64 = (maxLength: number): fc.Arbitrary<Base64> => fc.uint8Array({ maxLength }).map(toBase64)

const mechanism = fc.constantFrom(
  CKM.CKM_AES_KEY_GEN,
  CKM.CKM_GENERIC_SECRET_KEY_GEN,
  CKM.CKM_EC_KEY_PAIR_GEN,
  CKM.CKM_RSA_PKCS_KEY_PAIR_GEN,
)

export const mutableAttributes: fc.Arbitrary<MutableAttributes> = fc.record({
  CKA_LABEL: base64(8),
  CKA_ID: base64(4),
  CKA_MODIFIABLE: fc.boolean(),
  CKA_DESTROYABLE: fc.boolean(),
  CKA_EXTRACTABLE: fc.boolean(),
  CKA_ENCRYPT: fc.boolean(),
  CKA_DECRYPT: fc.boolean(),
  CKA_SIGN: fc.boolean(),
  CKA_VERIFY: fc.boolean(),
  CKA_WRAP: fc.boolean(),
  CKA_UNWRAP: fc.boolean(),
  CKA_DERIVE: fc.boolean(),
  CKA_TRUSTED: fc.boolean(),
  CKA_WRAP_WITH_TRUSTED: fc.boolean(),
})

/** Of a token key. */
export const fixedAttributes: fc.Arbitrary<FixedAttributes> = fc.record(
  {
    CKA_CLASS: fc.constantFrom('CKO_SECRET_KEY', 'CKO_PUBLIC_KEY', 'CKO_PRIVATE_KEY'),
    CKA_KEY_TYPE: fc.constantFrom('CKK_AES', 'CKK_GENERIC_SECRET', 'CKK_EC', 'CKK_RSA'),
    CKA_TOKEN: fc.constant(true),
    CKA_PRIVATE: fc.boolean(),
    CKA_LOCAL: fc.boolean(),
    CKA_SENSITIVE: fc.boolean(),
    CKA_ALWAYS_SENSITIVE: fc.boolean(),
    CKA_NEVER_EXTRACTABLE: fc.boolean(),
    CKA_KEY_GEN_MECHANISM: mechanism,
    CKA_VALUE_LEN: fc.constantFrom(16, 24, 32),
    CKA_MODULUS_BITS: fc.constantFrom(2048, 4096),
    CKA_CHECK_VALUE: base64(3),
  },
  {
    requiredKeys: [
      'CKA_CLASS',
      'CKA_KEY_TYPE',
      'CKA_TOKEN',
      'CKA_PRIVATE',
      'CKA_LOCAL',
      'CKA_SENSITIVE',
      'CKA_ALWAYS_SENSITIVE',
      'CKA_NEVER_EXTRACTABLE',
      'CKA_KEY_GEN_MECHANISM',
    ],
  },
)

/** Templates as programs send them, most of them wrong in some way. */
export const keyTemplate: fc.Arbitrary<KeyTemplate> = fc.record(
  {
    CKA_CLASS: fc.constantFrom('CKO_SECRET_KEY', 'CKO_PUBLIC_KEY', 'CKO_PRIVATE_KEY'),
    CKA_KEY_TYPE: fc.constantFrom('CKK_AES', 'CKK_GENERIC_SECRET', 'CKK_EC', 'CKK_RSA'),
    CKA_TOKEN: fc.boolean(),
    CKA_PRIVATE: fc.boolean(),
    CKA_LOCAL: fc.boolean(),
    CKA_SENSITIVE: fc.boolean(),
    CKA_ALWAYS_SENSITIVE: fc.boolean(),
    CKA_NEVER_EXTRACTABLE: fc.boolean(),
    CKA_KEY_GEN_MECHANISM: mechanism,
    CKA_VALUE_LEN: fc.oneof(fc.constantFrom(16, 24, 32), fc.integer(), fc.double()),
    CKA_MODULUS_BITS: fc.oneof(fc.constantFrom(2048, 3072, 4096), fc.integer(), fc.double()),
    CKA_MODULUS: base64(4),
    CKA_PUBLIC_EXPONENT: fc.oneof(fc.constant(toBase64(Uint8Array.of(1, 0, 1))), base64(40)),
    CKA_EC_PARAMS: fc.oneof(
      fc.constantFrom(toBase64(ecParams('secp256r1')), toBase64(ecParams('secp384r1'))),
      base64(9),
    ),
    CKA_EC_POINT: base64(4),
    CKA_CHECK_VALUE: base64(3),
    CKA_LABEL: base64(140),
    CKA_ID: base64(140),
    CKA_MODIFIABLE: fc.boolean(),
    CKA_DESTROYABLE: fc.boolean(),
    CKA_EXTRACTABLE: fc.boolean(),
    CKA_ENCRYPT: fc.boolean(),
    CKA_DECRYPT: fc.boolean(),
    CKA_SIGN: fc.boolean(),
    CKA_VERIFY: fc.boolean(),
    CKA_WRAP: fc.boolean(),
    CKA_UNWRAP: fc.boolean(),
    CKA_DERIVE: fc.boolean(),
    CKA_TRUSTED: fc.boolean(),
    CKA_WRAP_WITH_TRUSTED: fc.boolean(),
  },
  { requiredKeys: [] },
)
