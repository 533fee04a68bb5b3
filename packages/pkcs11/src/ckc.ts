/** Certificate types of PKCS#11 v2.40 and v3.0, by name. */
export const CKC = {
  CKC_X_509: 0x0,
  CKC_X_509_ATTR_CERT: 0x1,
  CKC_WTLS: 0x2,
  CKC_VENDOR_DEFINED: 0x80000000,
  CKC_OPENPGP: 0x80504750,
} as const

export type CkcName = keyof typeof CKC
