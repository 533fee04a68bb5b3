import { CURVES, type CurveName } from '@hsmlab/crypto'

/** Bytes of a DER element with `content` bytes of content (X.690 §8.1.3): tag, length, content. */
const element = (content: number): number => {
  if (content < 0x80) return 2 + content
  return content < 0x100 ? 3 + content : 4 + content
}

/** Object identifier of id-ecPublicKey, rsaEncryption with its NULL, and a version number, as elements. */
const EC_PUBLIC_KEY_OID_BYTES = 9
const RSA_ALGORITHM_BYTES = 15
const VERSION_BYTES = 3

/** Bytes of an uncompressed point. */
export const ecPublicSize = (curve: CurveName): number => 1 + 2 * CURVES[curve].bytes

/** Bytes of the PKCS#8 form (RFC 5208) around ECPrivateKey with its public key (RFC 5915). */
export const ecPrivateSize = (curve: CurveName): number => {
  const publicKey = element(element(1 + ecPublicSize(curve)))
  const ecPrivateKey = element(VERSION_BYTES + element(CURVES[curve].bytes) + publicKey)
  const algorithm = element(EC_PUBLIC_KEY_OID_BYTES + CURVES[curve].parameters.length / 2)
  return element(VERSION_BYTES + algorithm + element(ecPrivateKey))
}

/** Modulus and exponent, each as wide as the modulus: 512 for RSA-2048, as AWS's samples print. */
export const rsaPublicSize = (modulusBits: number): number => (2 * modulusBits) / 8

/**
 * Bytes of the PKCS#8 form of a private RSA key with exponent 65537 (RFC 8017 §A.1.2), the least of those that AWS's
 * samples print: numbers of the private half differ by a leading zero, which nobody outside the HSM can know.
 */
export const rsaPrivateSize = (modulusBits: number): number => {
  const modulus = modulusBits / 8
  const prime = modulus / 2
  const numbers = element(modulus + 1) + element(3) + element(modulus) + 2 * element(prime + 1) + 3 * element(prime)
  return element(VERSION_BYTES + RSA_ALGORITHM_BYTES + element(element(VERSION_BYTES + numbers)))
}
