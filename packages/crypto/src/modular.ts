/** The inverse of `value` (1 to `modulus` − 1, coprime to it) by Euclid's extended algorithm; not constant in time. */
export const modularInverse = (value: bigint, modulus: bigint): bigint => {
  let [high, low] = [modulus, value]
  let [before, factor] = [0n, 1n]
  while (low !== 0n) {
    const quotient = high / low
    const rest = high - quotient * low
    high = low
    low = rest
    const next = before - quotient * factor
    before = factor
    factor = next
  }
  return before < 0n ? before + modulus : before
}

/** `base` to the power of `exponent`, by squaring; neither constant in time nor quick. */
export const modularPower = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n
  let square = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}
