import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { bitLength, bytesToNumber, equalBytes } from '../bytes.ts'
import type { CryptoEngine, RsaKeyPair, RunningHash } from '../engine.ts'
import type { HashName } from '../hashes.ts'
import type { CryptoBackend } from '../processor/backend.ts'
import { cryptoEngine } from '../processor/crypto-engine.ts'
import { nobleAesKey } from './aes-key.ts'
import { nobleEcPrivateKey, nobleEcPublicKey, nobleGenerateEc } from './ec-keys.ts'
import { noblePrimitives } from './primitives.ts'
import { nobleRsaPrivateKey, nobleRsaPublicKey } from './rsa-keys.ts'

const NOBLE = { 'SHA-1': sha1, 'SHA-224': sha224, 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 }

const hash = (name: HashName, message: Uint8Array): Uint8Array => NOBLE[name](message)

const startHash = (name: HashName): RunningHash => {
  const running = NOBLE[name].create()
  return { update: (part) => void running.update(part), digest: () => running.digest() }
}

export type NobleEngineOptions = Readonly<{
  /** All randomness: keys, nonces, salts, seeds. A seeded one repeats every result. */
  random: Readonly<{ bytes: (count: number) => Uint8Array }>
  /** The pool that `generateRsa` draws from, by size and public exponent; without it the promise rejects. */
  rsaKeys?: ReadonlyArray<RsaKeyPair>
}>

/**
 * The simulation's engine: pure, and the same results from the same randomness. Slow (a P-256 signature takes 0.5 ms
 * where OpenSSL's takes 0.03), its RSA is plain arithmetic on keys of a fixture pool, and nothing in it resists side
 * channels: not for keys that matter.
 */
export const nobleEngine = ({ random, rsaKeys = [] }: NobleEngineOptions): CryptoEngine => {
  const generateRsa: CryptoBackend['generateRsa'] = (modulusBits, publicExponent) => {
    const fitting = rsaKeys.filter(
      (pair) =>
        bitLength(bytesToNumber(pair.modulus)) === modulusBits && equalBytes(pair.publicExponent, publicExponent),
    )
    const drawn = fitting[Number(bytesToNumber(random.bytes(4))) % Math.max(fitting.length, 1)]
    if (drawn === undefined) return Promise.reject(new Error(`no RSA key of ${modulusBits} bits in the fixture pool`))
    const { pkcs8, modulus } = drawn
    return Promise.resolve({
      pkcs8: Uint8Array.from(pkcs8),
      modulus: Uint8Array.from(modulus),
      publicExponent: Uint8Array.from(publicExponent),
    })
  }

  return cryptoEngine({
    ...noblePrimitives(random.bytes),
    name: 'noble',
    randomBytes: random.bytes,
    hash,
    startHash,
    generateEc: (curve) => nobleGenerateEc(curve, random.bytes),
    generateRsa,
    openAes: nobleAesKey,
    openMac: (value) => {
      const key = Uint8Array.from(value)
      return { mac: (name, message) => hmac(NOBLE[name], key, message), close: () => void key.fill(0) }
    },
    openEcPrivate: (curve, scalar) => nobleEcPrivateKey(curve, scalar, hash, random.bytes),
    openEcPublic: (curve, point) => nobleEcPublicKey(curve, point, hash),
    openRsaPrivate: nobleRsaPrivateKey,
    openRsaPublic: nobleRsaPublicKey,
  })
}
