import { createECDH, randomBytes } from 'node:crypto'
import { bytesToNumber, type CurveName, CURVES, modularInverse } from '@hsmlab/crypto'

/** What a signature needs that depends on no key and no digest. Used once, then forgotten: a second use gives the key away. */
export type Nonce = Readonly<{
  /** The x coordinate of k·G, modulo n. */
  r: bigint
  /** A random factor b that keeps k and the private key out of sight of the arithmetic's timing. */
  blind: bigint
  /** (k·b)⁻¹ modulo n. */
  inverse: bigint
}>

/**
 * One Euclid serves so many nonces (Montgomery's trick: the inverse of a product gives those of its factors). Only
 * P-256 is quick enough for Euclid to weigh: there it would be half of a signature.
 */
const BATCH: Readonly<Record<CurveName, number>> = {
  secp224r1: 1,
  secp256r1: 8,
  secp384r1: 1,
  secp521r1: 1,
  secp256k1: 1,
}

type Draft = Readonly<{ r: bigint; blind: bigint; product: bigint; before: bigint }>

/**
 * Nonces of one curve, made ahead as OpenSSL's ECDSA_sign_setup does: k and k·G by OpenSSL, the inverse here. A batch is
 * made when the last one is used up: after that signature has left, or at the latest for the next one.
 */
export const ecdsaNonces = (curve: CurveName): (() => Nonce) => {
  const { bytes, n, opensslName } = CURVES[curve]
  const ecdh = createECDH(opensslName)
  const ready: Array<Nonce> = []

  const draft = (before: bigint): Draft => {
    const point = ecdh.generateKeys()
    const r = bytesToNumber(point.subarray(1, 1 + bytes)) % n
    const blind = bytesToNumber(randomBytes(bytes)) % n
    if (r === 0n || blind === 0n) return draft(before)
    return { r, blind, product: (bytesToNumber(ecdh.getPrivateKey()) * blind) % n, before }
  }

  const refill = (): void => {
    if (ready.length > 0) return
    const drafts: Array<Draft> = []
    let product = 1n
    for (let i = 0; i < BATCH[curve]; i++) {
      const next = draft(product)
      drafts.push(next)
      product = (product * next.product) % n
    }
    let rest = modularInverse(product, n)
    for (const { r, blind, product: own, before } of drafts.reverse()) {
      ready.push({ r, blind, inverse: (rest * before) % n })
      rest = (rest * own) % n
    }
  }

  return () => {
    refill()
    const nonce = ready.pop()
    if (nonce === undefined) throw new Error('invariant broken: a refilled pool has a nonce')
    if (ready.length === 0 && BATCH[curve] > 1) setImmediate(refill)
    return nonce
  }
}
