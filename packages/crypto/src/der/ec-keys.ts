import { hexToBytes } from '@noble/hashes/utils.js'
import type { CurveName } from '../engine.ts'
import { DER, der } from './der.ts'
import { ecParams } from './ec-params.ts'

/** id-ecPublicKey (RFC 5480 §2.1.1). */
const EC_PUBLIC_KEY = hexToBytes('2a8648ce3d0201')

/** SubjectPublicKeyInfo (RFC 5480 §2) of an uncompressed point. */
export const ecSpki = (curve: CurveName, point: Uint8Array): Uint8Array =>
  der(
    DER.sequence,
    der(DER.sequence, der(DER.oid, EC_PUBLIC_KEY), ecParams(curve)),
    der(DER.bitString, Uint8Array.of(0), point),
  )

/** ECPrivateKey (RFC 5915 §3) without the public key, which whoever reads it computes. */
export const ecSec1 = (curve: CurveName, scalar: Uint8Array): Uint8Array =>
  der(
    DER.sequence,
    der(DER.integer, Uint8Array.of(1)),
    der(DER.octetString, scalar),
    der(DER.context0, ecParams(curve)),
  )
