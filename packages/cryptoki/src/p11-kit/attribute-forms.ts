import { CKA, type CkaName } from '@hsmlab/pkcs11'
import type { Dialect } from './dialect.ts'

/** How p11-kit encodes an attribute's value; what it does not list is a byte string of raw application memory. */
export type AttributeForm = 'byte' | 'ulong' | 'template' | 'mechanisms' | 'bytes'

const BYTES: ReadonlyArray<CkaName> = [
  'CKA_TOKEN',
  'CKA_PRIVATE',
  'CKA_TRUSTED',
  'CKA_SENSITIVE',
  'CKA_ENCRYPT',
  'CKA_DECRYPT',
  'CKA_WRAP',
  'CKA_UNWRAP',
  'CKA_SIGN',
  'CKA_SIGN_RECOVER',
  'CKA_VERIFY',
  'CKA_VERIFY_RECOVER',
  'CKA_DERIVE',
  'CKA_EXTRACTABLE',
  'CKA_LOCAL',
  'CKA_NEVER_EXTRACTABLE',
  'CKA_ALWAYS_SENSITIVE',
  'CKA_MODIFIABLE',
  'CKA_COPYABLE',
  'CKA_SECONDARY_AUTH',
  'CKA_ALWAYS_AUTHENTICATE',
  'CKA_WRAP_WITH_TRUSTED',
  'CKA_RESET_ON_INIT',
  'CKA_HAS_RESET',
  'CKA_COLOR',
]

const ULONGS: ReadonlyArray<CkaName> = [
  'CKA_CLASS',
  'CKA_CERTIFICATE_TYPE',
  'CKA_CERTIFICATE_CATEGORY',
  'CKA_JAVA_MIDP_SECURITY_DOMAIN',
  'CKA_KEY_TYPE',
  'CKA_MODULUS_BITS',
  'CKA_PRIME_BITS',
  'CKA_SUB_PRIME_BITS',
  'CKA_VALUE_BITS',
  'CKA_VALUE_LEN',
  'CKA_KEY_GEN_MECHANISM',
  'CKA_AUTH_PIN_FLAGS',
  'CKA_HW_FEATURE_TYPE',
  'CKA_PIXEL_X',
  'CKA_PIXEL_Y',
  'CKA_RESOLUTION',
  'CKA_CHAR_ROWS',
  'CKA_CHAR_COLUMNS',
  'CKA_BITS_PER_PIXEL',
  'CKA_MECHANISM_TYPE',
]

const FORMS: ReadonlyMap<number, AttributeForm> = new Map<number, AttributeForm>([
  ...BYTES.map((name) => [CKA[name], 'byte'] as const),
  ...ULONGS.map((name) => [CKA[name], 'ulong'] as const),
  [CKA.CKA_WRAP_TEMPLATE, 'template'],
  [CKA.CKA_UNWRAP_TEMPLATE, 'template'],
  [CKA.CKA_DERIVE_TEMPLATE, 'template'],
  [CKA.CKA_ALLOWED_MECHANISMS, 'mechanisms'],
])

export const formOf = (type: number, dialect: Dialect): AttributeForm => {
  if (type === CKA.CKA_DERIVE_TEMPLATE && !dialect.nestedDeriveTemplates) return 'bytes'
  return FORMS.get(type) ?? 'bytes'
}
