import { createECDH, type ECDH } from 'node:crypto'
import { bytesToNumber, type Curve, type CurveName, CURVES, modularInverse, numberToBytes } from '@hsmlab/crypto'
import { unlessRefused } from './bytes.ts'
import { digestNumber } from './ecdsa-sign.ts'

type Point = Readonly<{ x: bigint; y: bigint }>

const pointOf = (bytes: Uint8Array): Point => {
  const middle = (bytes.length + 1) / 2
  return { x: bytesToNumber(bytes.subarray(1, middle)), y: bytesToNumber(bytes.subarray(middle)) }
}

/**
 * Whether `x` is the x coordinate of `one` + `other`, without a division: with slope dy/dx it is
 * (dy² − (x₁ + x₂) dx²) / dx². The point at infinity has none.
 */
const isSumAt = ({ p, a }: Curve, one: Point, other: Point, x: bigint): boolean => {
  const isSame = one.x === other.x
  if (isSame && one.y !== other.y) return false
  const dx = isSame ? 2n * one.y : other.x - one.x
  const dy = isSame ? 3n * one.x * one.x + a : other.y - one.y
  const square = dx * dx
  return (x * square - (dy * dy - (one.x + other.x) * square)) % p === 0n
}

/** The x coordinate of `factor` times a point with x coordinate `x`; `undefined` when the curve has no such point. */
const multiplied = (ecdh: ECDH, { bytes }: Curve, factor: bigint, x: bigint): bigint | undefined => {
  const compressed = new Uint8Array(1 + bytes)
  compressed[0] = 2
  compressed.set(numberToBytes(x, bytes), 1)
  return unlessRefused(() => {
    ecdh.setPrivateKey(numberToBytes(factor, bytes))
    return bytesToNumber(ecdh.computeSecret(compressed))
  })
}

/**
 * ECDSA verification of a ready digest, which node:crypto cannot do, by its ECDH: the signature holds if and only if
 * (s/r)·R = Q + (e/r)·G for a point R whose x coordinate is r modulo n. Of R only the x coordinate is known; that
 * suffices, since −R gives the negative and ECDH compares x coordinates. `signature` is r s, `point` on the curve.
 */
export const ecdsaVerifyDigest = (
  curve: CurveName,
  point: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const facts = CURVES[curve]
  const { bits, bytes, n, p, opensslName } = facts
  const r = bytesToNumber(signature.subarray(0, bytes))
  const s = bytesToNumber(signature.subarray(bytes))
  if (r === 0n || s === 0n || r >= n || s >= n) return false

  const ecdh = createECDH(opensslName)
  const inverse = modularInverse(r, n)
  const onG = (digestNumber(digest, bits) * inverse) % n
  const onR = (s * inverse) % n
  const publicPoint = pointOf(point)
  const isTarget = (x: bigint): boolean => {
    if (onG === 0n) return x === publicPoint.x
    ecdh.setPrivateKey(numberToBytes(onG, bytes))
    return isSumAt(facts, publicPoint, pointOf(ecdh.getPublicKey()), x)
  }
  for (let x = r; x < p; x += n) {
    const found = multiplied(ecdh, facts, onR, x)
    if (found !== undefined && isTarget(found)) return true
  }
  return false
}
