/** Session states of PKCS#11 v2.40 and v3.0, by name. */
export const CKS = {
  CKS_RO_PUBLIC_SESSION: 0x0,
  CKS_RO_USER_FUNCTIONS: 0x1,
  CKS_RW_PUBLIC_SESSION: 0x2,
  CKS_RW_USER_FUNCTIONS: 0x3,
  CKS_RW_SO_FUNCTIONS: 0x4,
} as const

export type CksName = keyof typeof CKS
