import { bytesToNumber, type CurveName, CURVES, numberToBytes } from '@hsmlab/crypto'
import { ecdsaNonces, type Nonce } from './ecdsa-nonces.ts'

/** The leftmost bits of a digest, as many as the order has (FIPS 186-5 §6.4.1 step 2). */
export const digestNumber = (digest: Uint8Array, bits: number): bigint => {
  const spare = digest.length * 8 - bits
  const number = bytesToNumber(digest)
  return spare > 0 ? number >> BigInt(spare) : number
}

const sources = new Map<CurveName, () => Nonce>()

const nonceFor = (curve: CurveName): Nonce => {
  const known = sources.get(curve)
  if (known !== undefined) return known()
  const source = ecdsaNonces(curve)
  sources.set(curve, source)
  return source()
}

/**
 * ECDSA of a ready digest, which node:crypto cannot do: r s, each as wide as the order. k·G is OpenSSL's; s is computed
 * here as (k·b)⁻¹ (b·e + b·r·d) under the nonce's random b. BigInt arithmetic is not constant in time (see the README).
 */
export const ecdsaSignDigest = (curve: CurveName, privateKey: bigint, digest: Uint8Array): Uint8Array => {
  const { bits, bytes, n } = CURVES[curve]
  const { r, blind, inverse } = nonceFor(curve)
  const e = digestNumber(digest, bits)
  const s = (inverse * ((blind * e + ((blind * r) % n) * privateKey) % n)) % n
  if (s === 0n) return ecdsaSignDigest(curve, privateKey, digest)
  const signature = new Uint8Array(2 * bytes)
  signature.set(numberToBytes(r, bytes))
  signature.set(numberToBytes(s, bytes), bytes)
  return signature
}
