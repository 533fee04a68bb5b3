import { concatBytes } from '@noble/hashes/utils.js'

/** A hash function and the length of its result. */
export type Hasher = Readonly<{ bytes: number; hash: (message: Uint8Array) => Uint8Array }>

/** MGF1 (RFC 8017 §B.2.1): `length` bytes drawn from `seed`. */
const mgf1 = (hasher: Hasher, seed: Uint8Array, length: number): Uint8Array => {
  const mask = new Uint8Array(Math.ceil(length / hasher.bytes) * hasher.bytes)
  for (let counter = 0; counter * hasher.bytes < length; counter++) {
    const suffix = Uint8Array.of(counter >>> 24, counter >>> 16, counter >>> 8, counter)
    mask.set(hasher.hash(concatBytes(seed, suffix)), counter * hasher.bytes)
  }
  return mask.subarray(0, length)
}

/** `bytes` with the mask drawn from `seed` put on, or taken off. */
export const masked = (hasher: Hasher, seed: Uint8Array, bytes: Uint8Array): Uint8Array => {
  const result = mgf1(hasher, seed, bytes.length)
  for (let i = 0; i < bytes.length; i++) result[i] = (result[i] ?? 0) ^ (bytes[i] ?? 0)
  return result
}
