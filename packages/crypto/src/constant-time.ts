/**
 * Choices without a branch on secret bytes, for the paddings of RSA and CBC. Each mask is all ones or all zeros. JIT
 * and garbage collector may still tell: see the README on side channels.
 */

/** All ones when `value`, 0 to 2³¹ − 1, is zero. */
export const isZero = (value: number): number => (value - 1) >> 31

/** All ones when `one` < `other`, both 0 to 2³⁰. */
export const isBelow = (one: number, other: number): number => (one - other) >> 31

/** `one` where the mask is all ones, `other` where it is zero. */
export const choose = (mask: number, one: number, other: number): number => (one & mask) | (other & ~mask)
