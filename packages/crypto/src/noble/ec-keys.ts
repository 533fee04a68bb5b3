import { type ECDSA, ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha224 } from '@noble/hashes/sha2.js'
import * as E from 'fp-ts/lib/Either.js'
import { bytesToNumber, numberToBytes } from '../bytes.ts'
import { CURVES } from '../curves.ts'
import type { CurveName, EcKeyPair } from '../engine.ts'
import type { HashName } from '../hashes.ts'
import type { EcPrivateKey, EcPublicKey } from '../processor/backend.ts'
import { verdict } from '../processor/results.ts'

type RandomBytes = (count: number) => Uint8Array
type Hash = (hash: HashName, message: Uint8Array) => Uint8Array

const p224 = (): ECDSA => {
  const { p, n, a, b, gx: Gx, gy: Gy } = CURVES.secp224r1
  return ecdsa(weierstrass({ p, n, h: 1n, a, b, Gx, Gy }), sha224)
}

/** noble has no P-224 of its own; its general arithmetic takes the parameters. */
const NOBLE: Readonly<Record<CurveName, ECDSA>> = {
  secp224r1: p224(),
  secp256r1: p256,
  secp384r1: p384,
  secp521r1: p521,
  secp256k1,
}

/** FIPS 186-5 §A.2.1: a scalar from 64 bits more than the order has. */
export const nobleGenerateEc = (curve: CurveName, random: RandomBytes): EcKeyPair => {
  const { bytes, n } = CURVES[curve]
  const scalar = numberToBytes((bytesToNumber(random(bytes + 8)) % (n - 1n)) + 1n, bytes)
  return { scalar, point: NOBLE[curve].getPublicKey(scalar, false) }
}

/** Deterministic nonces (RFC 6979), hedged with 32 bytes of `random` (its §3.6): the same seed, the same signature. */
export const nobleEcPrivateKey = (
  curve: CurveName,
  scalar: Uint8Array,
  hash: Hash,
  random: RandomBytes,
): EcPrivateKey => {
  const secret = Uint8Array.from(scalar)
  const signDigest: EcPrivateKey['signDigest'] = (digest) =>
    E.right(NOBLE[curve].sign(digest, secret, { prehash: false, lowS: false, extraEntropy: random(32) }))
  return {
    signDigest,
    signMessage: (name, message) => signDigest(hash(name, message)),
    close: () => void secret.fill(0),
  }
}

const holds = (curve: CurveName, point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean => {
  try {
    return NOBLE[curve].verify(signature, digest, point, { prehash: false, lowS: false })
  } catch {
    return false
  }
}

export const nobleEcPublicKey = (curve: CurveName, point: Uint8Array, hash: Hash): EcPublicKey => {
  const verifyDigest: EcPublicKey['verifyDigest'] = (digest, signature) =>
    verdict(holds(curve, point, digest, signature))
  return { verifyDigest, verifyMessage: (name, message, signature) => verifyDigest(hash(name, message), signature) }
}
