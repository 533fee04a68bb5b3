import { bytesToNumber } from '../bytes.ts'
import { CURVES } from '../curves.ts'
import type { CurveName } from '../engine.ts'
import { DER, der, readAll } from './der.ts'
import { CURVE_NAMES } from './ec-params.ts'

/** CKA_EC_POINT of an uncompressed point: a DER OCTET STRING around it (PKCS#11 v3.1 §6.3.3). */
export const ecPointAttribute = (point: Uint8Array): Uint8Array => der(DER.octetString, point)

/** Whether `point` is 04 x y with (x, y) on the curve; the cofactor is 1, so that is all there is to ask. */
export const isPointOn = (curve: CurveName, point: Uint8Array): boolean => {
  const { bytes, p, a, b } = CURVES[curve]
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) return false
  const x = bytesToNumber(point.subarray(1, 1 + bytes))
  const y = bytesToNumber(point.subarray(1 + bytes))
  return x < p && y < p && (y * y - (x * x * x + a * x + b)) % p === 0n
}

const POINT_LENGTHS: ReadonlySet<number> = new Set(CURVE_NAMES.map((name) => 1 + 2 * CURVES[name].bytes))

const isPointShaped = (bytes: Uint8Array | undefined): bytes is Uint8Array =>
  bytes !== undefined && bytes[0] === 4 && POINT_LENGTHS.has(bytes.length)

/**
 * The uncompressed point in a CKA_EC_POINT, which programs give wrapped as the standard says, or bare. `undefined`
 * when it has no curve's length; whether it lies on the curve, `isPointOn` and the engine's `open` say.
 */
export const ecPointOf = (attribute: Uint8Array): Uint8Array | undefined => {
  const [wrapped] = readAll(attribute, [DER.octetString]) ?? []
  return [wrapped, attribute].find(isPointShaped)
}
