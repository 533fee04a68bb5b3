import type { Mechanism } from '@hsmlab/pkcs11'

const IV_BYTES = 12

/** An encryption that the HSM is about to do, and the IV it made for it, if it made one. */
export type GcmEncryption = Readonly<{ mechanism: Mechanism; generatedIv: Uint8Array | undefined }>

/**
 * CloudHSM makes the IV of a CKM_AES_GCM encryption itself, when the caller's buffer is zeroed, and writes it back
 * (*Known issues for the PKCS #11 library*; cf. PKCS#11 v3.1 §6.13.3). Here: an IV that is empty or of 12 zero bytes is
 * replaced by `random` ones, to be handed back; any other one is the caller's and is used, since the client library of
 * p11-kit cannot return ours. Only for encryption: a decryption's IV is what it is.
 */
export const withGeneratedIv = (mechanism: Mechanism, random: (count: number) => Uint8Array): GcmEncryption => {
  const { type, parameter } = mechanism
  if (parameter._tag !== 'gcm') return { mechanism, generatedIv: undefined }
  const { iv } = parameter
  const isAsked = iv.length === 0 || (iv.length === IV_BYTES && iv.every((byte) => byte === 0))
  if (!isAsked) return { mechanism, generatedIv: undefined }
  const generatedIv = random(IV_BYTES)
  return { mechanism: { type, parameter: { ...parameter, iv: generatedIv } }, generatedIv }
}
