import { concatBytes } from '@noble/hashes/utils.js'
import { equalBytes } from '../bytes.ts'
import { type Hasher, masked } from './mask.ts'

/** Hash of the digest, hash under MGF1, bytes of salt. */
export type PssRule = Readonly<{ hash: Hasher; mgf: Hasher; saltLength: number }>

const PADDING = new Uint8Array(8)
const TRAILER = 0xbc

/** Whether a modulus of `modulusBits` has room for digest and salt. */
export const pssFits = (rule: PssRule, modulusBits: number): boolean =>
  Math.ceil((modulusBits - 1) / 8) >= rule.hash.bytes + rule.saltLength + 2

/** EMSA-PSS-ENCODE (RFC 8017 §9.1.1) of a ready digest, as wide as the modulus; `pssFits` must hold. */
export const pssEncode = (rule: PssRule, digest: Uint8Array, salt: Uint8Array, modulusBits: number): Uint8Array => {
  const length = Math.ceil((modulusBits - 1) / 8)
  const seed = rule.hash.hash(concatBytes(PADDING, digest, salt))
  const data = new Uint8Array(length - seed.length - 1)
  data[data.length - salt.length - 1] = 1
  data.set(salt, data.length - salt.length)
  const encoded = concatBytes(masked(rule.mgf, seed, data), seed, Uint8Array.of(TRAILER))
  encoded[0] = (encoded[0] ?? 0) & (0xff >> (8 * length - modulusBits + 1))
  return length * 8 < modulusBits ? concatBytes(Uint8Array.of(0), encoded) : encoded
}

/** EMSA-PSS-VERIFY (RFC 8017 §9.1.2) of a block as wide as the modulus. */
export const pssVerify = (rule: PssRule, digest: Uint8Array, block: Uint8Array, modulusBits: number): boolean => {
  const length = Math.ceil((modulusBits - 1) / 8)
  const encoded = block.subarray(block.length - length)
  if (block.length > length && block[0] !== 0) return false
  if (encoded.at(-1) !== TRAILER) return false
  const spare = 8 * length - modulusBits + 1
  if (((encoded[0] ?? 0) & ~(0xff >> spare)) !== 0) return false
  const seed = encoded.subarray(length - rule.hash.bytes - 1, length - 1)
  const data = masked(rule.mgf, seed, encoded.subarray(0, length - rule.hash.bytes - 1))
  data[0] = (data[0] ?? 0) & (0xff >> spare)
  const saltAt = data.length - rule.saltLength
  if (data[saltAt - 1] !== 1 || data.subarray(0, saltAt - 1).some((byte) => byte !== 0)) return false
  return equalBytes(seed, rule.hash.hash(concatBytes(PADDING, digest, data.subarray(saltAt))))
}
