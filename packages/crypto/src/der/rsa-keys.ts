import { hexToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../bytes.ts'
import { DER, der, derUnsigned, readAll, unsignedOf } from './der.ts'

/** The parts of an RSA private key (RFC 8017 §3.2), each a magnitude, big-endian. */
export type RsaParts = Readonly<{
  modulus: Uint8Array
  publicExponent: Uint8Array
  privateExponent: Uint8Array
  prime1: Uint8Array
  prime2: Uint8Array
  exponent1: Uint8Array
  exponent2: Uint8Array
  coefficient: Uint8Array
}>

/** AlgorithmIdentifier rsaEncryption, NULL (RFC 8017 §A.1). */
const RSA_ENCRYPTION = der(DER.sequence, der(DER.oid, hexToBytes('2a864886f70d010101')), der(DER.null))
const ZERO = Uint8Array.of(0)

/** SubjectPublicKeyInfo (RFC 5280 §4.1) of an RSA public key. */
export const rsaSpki = (modulus: Uint8Array, publicExponent: Uint8Array): Uint8Array =>
  der(
    DER.sequence,
    RSA_ENCRYPTION,
    der(DER.bitString, ZERO, der(DER.sequence, derUnsigned(modulus), derUnsigned(publicExponent))),
  )

/** PrivateKeyInfo (RFC 5208 §5) of an RSA private key with two primes. */
export const rsaPkcs8 = (parts: RsaParts): Uint8Array =>
  der(
    DER.sequence,
    derUnsigned(ZERO),
    RSA_ENCRYPTION,
    der(
      DER.octetString,
      der(
        DER.sequence,
        derUnsigned(ZERO),
        derUnsigned(parts.modulus),
        derUnsigned(parts.publicExponent),
        derUnsigned(parts.privateExponent),
        derUnsigned(parts.prime1),
        derUnsigned(parts.prime2),
        derUnsigned(parts.exponent1),
        derUnsigned(parts.exponent2),
        derUnsigned(parts.coefficient),
      ),
    ),
  )

const privateKeyOf = (pkcs8: Uint8Array): Uint8Array | undefined => {
  const [info] = readAll(pkcs8, [DER.sequence]) ?? []
  if (info === undefined) return undefined
  const fields = readAll(info, [DER.integer, DER.sequence, DER.octetString])
  const algorithm = fields?.[1]
  const isRsa = algorithm !== undefined && equalBytes(der(DER.sequence, algorithm), RSA_ENCRYPTION)
  return isRsa ? fields?.[2] : undefined
}

/** The parts in a PrivateKeyInfo; `undefined` when it holds no RSA key of two primes. */
export const rsaParts = (pkcs8: Uint8Array): RsaParts | undefined => {
  const [key] = readAll(privateKeyOf(pkcs8) ?? ZERO, [DER.sequence]) ?? []
  const integers = readAll(
    key ?? ZERO,
    Array.from({ length: 9 }, () => DER.integer),
  )?.map(unsignedOf)
  const [version, modulus, publicExponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient] =
    integers ?? []
  if (version?.[0] !== 0 || version.length !== 1) return undefined
  if (!modulus || !publicExponent || !privateExponent) return undefined
  if (!prime1 || !prime2 || !exponent1 || !exponent2 || !coefficient) return undefined
  return { modulus, publicExponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient }
}
