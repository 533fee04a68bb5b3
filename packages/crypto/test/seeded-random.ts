import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

/** The same bytes for the same seed: SHA-256 of seed and a counter. */
export const seededRandom = (seed: string) => {
  let counter = 0
  const block = (): Uint8Array => sha256(utf8ToBytes(`${seed} ${counter++}`))
  return {
    bytes: (count: number): Uint8Array => {
      const bytes = new Uint8Array(count)
      for (let at = 0; at < count; at += 32) bytes.set(block().subarray(0, count - at), at)
      return bytes
    },
  }
}
