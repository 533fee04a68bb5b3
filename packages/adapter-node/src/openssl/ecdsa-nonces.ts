import { createECDH, randomFillSync } from 'node:crypto'
import { bytesToNumber, type CurveName, CURVES, modularInverse } from '@hsmlab/crypto'

/**
 * What a signature needs that depends on no key and no digest. It is used once and then forgotten: a second use would
 * give the key away.
 */
export type Nonce = Readonly<{
  /** The x coordinate of k·G, modulo n. */
  r: bigint
  /** A random factor b that keeps k and the private key out of sight of the arithmetic's timing. */
  blind: bigint
  /** (k·b)⁻¹ modulo n. */
  inverse: bigint
}>

/**
 * `batch`: so many nonces share one Euclid (Montgomery's trick: the inverse of a product gives those of its factors).
 * `stock`: so many are made ahead. Only P-256 is quick enough for that: there Euclid alone would be half of a
 * signature, and a nonce is made in the time that a client takes to ask again.
 */
const PLANS: Readonly<Record<CurveName, Readonly<{ batch: number; stock: number }>>> = {
  secp224r1: { batch: 1, stock: 0 },
  secp256r1: { batch: 16, stock: 32 },
  secp384r1: { batch: 1, stock: 0 },
  secp521r1: { batch: 1, stock: 0 },
  secp256k1: { batch: 1, stock: 0 },
}

/** Drafts a turn: more than one, so that the stock grows while signatures draw on it. */
const DRAFTS_PER_TURN = 2

/** Random numbers drawn by one call to OpenSSL, of which each takes as long as a third of k·G. */
const BLINDS_PER_CALL = 32

const blindsBelow = (n: bigint, bytes: number): (() => bigint) => {
  const pool = new Uint8Array(BLINDS_PER_CALL * bytes)
  let at = pool.length
  return () => {
    if (at === pool.length) {
      randomFillSync(pool)
      at = 0
    }
    at += bytes
    return bytesToNumber(pool.subarray(at - bytes, at)) % n
  }
}

type Draft = Readonly<{ r: bigint; blind: bigint; product: bigint }>

/**
 * Nonces of one curve, as OpenSSL's ECDSA_sign_setup makes them: k and k·G by OpenSSL, the inverse here. The stock is
 * filled up after this turn's replies have left, so that a signature that comes alone waits for no k·G.
 */
export const ecdsaNonces = (curve: CurveName): (() => Nonce) => {
  const { bytes, n, opensslName } = CURVES[curve]
  const { batch, stock } = PLANS[curve]
  const ecdh = createECDH(opensslName)
  const nextBlind = blindsBelow(n, bytes)
  const drafts: Array<Draft> = []
  const ready: Array<Nonce> = []
  let isScheduled = false

  const draft = (): Draft => {
    const point = ecdh.generateKeys()
    const r = bytesToNumber(point.subarray(1, 1 + bytes)) % n
    const blind = nextBlind()
    if (r === 0n || blind === 0n) return draft()
    return { r, blind, product: (bytesToNumber(ecdh.getPrivateKey()) * blind) % n }
  }

  const finish = (): void => {
    const before: Array<bigint> = []
    let product = 1n
    for (const each of drafts) {
      before.push(product)
      product = (product * each.product) % n
    }
    let rest = modularInverse(product, n)
    for (let each = drafts.pop(); each !== undefined; each = drafts.pop()) {
      ready.push({ r: each.r, blind: each.blind, inverse: (rest * (before.pop() ?? 1n)) % n })
      rest = (rest * each.product) % n
    }
  }

  const isShort = (): boolean => ready.length + drafts.length < stock

  const stockUp = (): void => {
    isScheduled = false
    for (let i = 0; i < DRAFTS_PER_TURN && isShort(); i++) drafts.push(draft())
    if (drafts.length >= batch) finish()
  }

  return () => {
    if (ready.length === 0) {
      while (drafts.length < batch) drafts.push(draft())
      finish()
    }
    const nonce = ready.pop()
    if (nonce === undefined) throw new Error('invariant broken: finished drafts are nonces')
    if (!isScheduled && isShort()) {
      isScheduled = true
      setImmediate(stockUp)
    }
    return nonce
  }
}
