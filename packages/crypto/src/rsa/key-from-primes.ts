import { numberToBytes, withoutLeadingZeros } from '../bytes.ts'
import { rsaPkcs8 } from '../der/rsa-keys.ts'
import type { RsaKeyPair } from '../engine.ts'
import { modularInverse } from '../modular.ts'

const BYTES_MAX = 512

const magnitude = (value: bigint): Uint8Array => withoutLeadingZeros(numberToBytes(value, BYTES_MAX))

const greatestCommonDivisor = (one: bigint, other: bigint): bigint =>
  other === 0n ? one : greatestCommonDivisor(other, one % other)

/**
 * The RSA key of two primes and a public exponent (FIPS 186-5 §A.1.1: d inverts e modulo the least common multiple of
 * p − 1 and q − 1), of 4096 bits at most. `undefined` when the exponent divides into them, or the primes are one.
 */
export const rsaKeyFromPrimes = (p: bigint, q: bigint, e: bigint): RsaKeyPair | undefined => {
  const multiple = ((p - 1n) * (q - 1n)) / greatestCommonDivisor(p - 1n, q - 1n)
  if (p === q || greatestCommonDivisor(e, multiple) !== 1n) return undefined
  const d = modularInverse(e % multiple, multiple)
  const modulus = magnitude(p * q)
  const publicExponent = magnitude(e)
  const pkcs8 = rsaPkcs8({
    modulus,
    publicExponent,
    privateExponent: magnitude(d),
    prime1: magnitude(p),
    prime2: magnitude(q),
    exponent1: magnitude(d % (p - 1n)),
    exponent2: magnitude(d % (q - 1n)),
    coefficient: magnitude(modularInverse(q % p, p)),
  })
  return { pkcs8, modulus, publicExponent }
}
