import { DER, der, derUnsigned } from './der.ts'

/** Ecdsa-Sig-Value (RFC 3279 §2.2.3) of a signature that is r ‖ s, both of one length, as PKCS#11 has it. */
export const ecdsaSigValue = (signature: Uint8Array): Uint8Array => {
  const half = signature.length / 2
  return der(DER.sequence, derUnsigned(signature.subarray(0, half)), derUnsigned(signature.subarray(half)))
}
