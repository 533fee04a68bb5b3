/** User types of PKCS#11 v2.40 and v3.0, by name. */
export const CKU = {
  CKU_SO: 0x0,
  CKU_USER: 0x1,
  CKU_CONTEXT_SPECIFIC: 0x2,
} as const

export type CkuName = keyof typeof CKU
