import type { Random } from '../random.ts'

/** Four 32-bit words from a number of at most 53 bits or from text, well mixed (FNV-1a, then Murmur3's finalizer). */
const wordsOf = (seed: number | string): Uint32Array => {
  const text = String(seed)
  const words = new Uint32Array(4)
  for (let word = 0; word < 4; word += 1) {
    let hash = 0x811c9dc5 ^ word
    for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    words[word] = hash ^ (hash >>> 16)
  }
  return words
}

/**
 * The same bytes for the same seed: for simulations and tests, and nothing else. The generator is sfc32 (128 bits of
 * state, passes PractRand); whoever has seen some of its bytes can compute the others.
 */
export const seededRandom = (seed: number | string): Random => {
  const state = wordsOf(seed)
  let [a = 0, b = 0, c = 0, counter = 0] = state

  const nextWord = (): number => {
    const word = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + word) | 0
    return word
  }
  for (let warmUp = 0; warmUp < 16; warmUp += 1) nextWord()

  return {
    bytes: (count) => {
      const bytes = new Uint8Array(count)
      let word = 0
      for (let i = 0; i < count; i += 1) {
        word = i % 4 === 0 ? nextWord() : word >>> 8
        bytes[i] = word
      }
      return bytes
    },
  }
}
