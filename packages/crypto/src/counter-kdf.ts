import { concatBytes } from '@noble/hashes/utils.js'
import type { Primitives } from './engine.ts'

const HASH_BYTES = 32

const uint32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)

/**
 * SP 800-108 rev. 1 §4.1, KDF in counter mode with HMAC-SHA-256: counter and length in 32 bits, a zero byte between
 * label and context. `length` in bytes.
 */
export const counterKdf = (
  primitives: Primitives,
  key: Uint8Array,
  label: Uint8Array,
  context: Uint8Array,
  length: number,
): Uint8Array => {
  const fixed = concatBytes(label, Uint8Array.of(0), context, uint32(length * 8))
  const output = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES)
  for (let i = 0; i * HASH_BYTES < length; i++) {
    output.set(primitives.hmacSha256(key, concatBytes(uint32(i + 1), fixed)), i * HASH_BYTES)
  }
  return output.slice(0, length)
}
