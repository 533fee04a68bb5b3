/** Key derivation functions of PKCS#11 v2.40 and v3.0, by name. */
export const CKD = {
  CKD_NULL: 0x1,
  CKD_SHA1_KDF: 0x2,
  CKD_SHA1_KDF_ASN1: 0x3,
  CKD_SHA1_KDF_CONCATENATE: 0x4,
  CKD_SHA224_KDF: 0x5,
  CKD_SHA256_KDF: 0x6,
  CKD_SHA384_KDF: 0x7,
  CKD_SHA512_KDF: 0x8,
  CKD_CPDIVERSIFY_KDF: 0x9,
} as const

export type CkdName = keyof typeof CKD
