import { concatBytes } from '@noble/hashes/utils.js'
import { choose, isZero } from '../constant-time.ts'
import { type Hasher, masked } from './mask.ts'

/** Bytes of plaintext that a modulus of `modulusBytes` has room for; negative: it is too small for the hash. */
export const oaepRoom = (hash: Hasher, modulusBytes: number): number => modulusBytes - 2 * hash.bytes - 2

/** EME-OAEP encoding (RFC 8017 §7.1.1), as wide as the modulus; `seed` as long as a digest. */
export const oaepEncode = (
  hash: Hasher,
  label: Uint8Array,
  seed: Uint8Array,
  plaintext: Uint8Array,
  modulusBytes: number,
): Uint8Array => {
  const data = new Uint8Array(modulusBytes - hash.bytes - 1)
  data.set(hash.hash(label))
  data[data.length - plaintext.length - 1] = 1
  data.set(plaintext, data.length - plaintext.length)
  const maskedData = masked(hash, seed, data)
  return concatBytes(Uint8Array.of(0), masked(hash, maskedData, seed), maskedData)
}

/**
 * EME-OAEP decoding (RFC 8017 §7.1.2): all that can be wrong is looked at before it answers, and it answers one
 * `undefined` (Manger's attack asks which).
 */
export const oaepDecode = (hash: Hasher, label: Uint8Array, block: Uint8Array): Uint8Array | undefined => {
  const maskedData = block.subarray(hash.bytes + 1)
  const seed = masked(hash, maskedData, block.subarray(1, hash.bytes + 1))
  const data = masked(hash, seed, maskedData)
  const labelHash = hash.hash(label)
  let wrong = block[0] ?? 0
  for (let i = 0; i < hash.bytes; i++) wrong |= (data[i] ?? 0) ^ (labelHash[i] ?? 0)
  let found = 0
  let start = 0
  for (let i = hash.bytes; i < data.length; i++) {
    const byte = data[i] ?? 0
    const isOne = isZero(byte ^ 1)
    wrong |= ~found & ~isOne & ~isZero(byte) & 1
    start = choose(~found & isOne, i + 1, start)
    found |= isOne
  }
  wrong |= ~found & 1
  return wrong === 0 ? data.slice(start) : undefined
}
