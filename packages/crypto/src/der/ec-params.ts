import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { CURVES } from '../curves.ts'
import type { CurveName } from '../engine.ts'

export const CURVE_NAMES: ReadonlyArray<CurveName> = ['secp224r1', 'secp256r1', 'secp384r1', 'secp521r1', 'secp256k1']

const BY_PARAMETERS = new Map(CURVE_NAMES.map((name) => [CURVES[name].parameters, name]))

/** CKA_EC_PARAMS of a curve: the DER of its object identifier (PKCS#11 v3.1 §6.3.3, RFC 5480 §2.1.1.1). */
export const ecParams = (curve: CurveName): Uint8Array => hexToBytes(CURVES[curve].parameters)

/** The curve that CKA_EC_PARAMS name; `undefined` for other curves, explicit parameters and what is no DER. */
export const curveOfEcParams = (parameters: Uint8Array): CurveName | undefined =>
  BY_PARAMETERS.get(bytesToHex(parameters))
