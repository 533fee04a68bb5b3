import { concatBytes } from '@noble/hashes/utils.js'
import type { Primitives } from './engine.ts'

const HASH_BYTES = 32

const uint32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)

/** SP 800-108 rev. 1 §4.1, counter mode with HMAC-SHA-256, the counter in 32 bits before the fixed input. */
export const counterKdfOf = (
  primitives: Primitives,
  key: Uint8Array,
  fixedInput: Uint8Array,
  length: number,
): Uint8Array => {
  const output = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES)
  for (let i = 0; i * HASH_BYTES < length; i++) {
    output.set(primitives.hmacSha256(key, concatBytes(uint32(i + 1), fixedInput)), i * HASH_BYTES)
  }
  return output.slice(0, length)
}

/** The same with the usual fixed input: label, a zero byte, context, and the length in bits. `length` in bytes. */
export const counterKdf = (
  primitives: Primitives,
  key: Uint8Array,
  label: Uint8Array,
  context: Uint8Array,
  length: number,
): Uint8Array =>
  counterKdfOf(primitives, key, concatBytes(label, Uint8Array.of(0), context, uint32(length * 8)), length)
