/** Mask generation functions of PKCS#11 v2.40 and v3.0, by name. */
export const CKG = {
  CKG_MGF1_SHA1: 0x1,
  CKG_MGF1_SHA224: 0x5,
  CKG_MGF1_SHA256: 0x2,
  CKG_MGF1_SHA384: 0x3,
  CKG_MGF1_SHA512: 0x4,
} as const

export type CkgName = keyof typeof CKG
