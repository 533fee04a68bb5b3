/** Object classes of PKCS#11 v2.40 and v3.0, by name. */
export const CKO = {
  CKO_DATA: 0x0,
  CKO_CERTIFICATE: 0x1,
  CKO_PUBLIC_KEY: 0x2,
  CKO_PRIVATE_KEY: 0x3,
  CKO_SECRET_KEY: 0x4,
  CKO_HW_FEATURE: 0x5,
  CKO_DOMAIN_PARAMETERS: 0x6,
  CKO_MECHANISM: 0x7,
  CKO_OTP_KEY: 0x8,
  CKO_VENDOR_DEFINED: 0x80000000,
} as const

export type CkoName = keyof typeof CKO
