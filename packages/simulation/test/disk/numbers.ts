/** Numbers in [0, 1) from a seed: Marsaglia's xorshift32, enough for tests. */
export const numbersFrom = (seed: number): (() => number) => {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
