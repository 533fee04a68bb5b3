/** OAEP sources of PKCS#11 v2.40 and v3.0, by name. */
export const CKZ = {
  CKZ_DATA_SPECIFIED: 0x1,
} as const

export type CkzName = keyof typeof CKZ
