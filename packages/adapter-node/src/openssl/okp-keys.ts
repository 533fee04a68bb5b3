import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import type { Primitives } from '@hsmlab/crypto'
import { plain, unlessRefused } from './bytes.ts'

type Okp = 'X25519' | 'Ed25519'

const base64url = (raw: Uint8Array): string => Buffer.from(raw).toString('base64url')

/** As JWK a key is in at once, as PKCS#8 OpenSSL tries its decoders first: ten times as long. `x` is computed anew. */
const privateKeyOf = (curve: Okp, raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: { kty: 'OKP', crv: curve, d: base64url(raw), x: base64url(raw) }, format: 'jwk' })

/**
 * The key object of 32 raw bytes, made at their first use and kept as long as the bytes are (a private key takes
 * longer to import than to use). Whoever holds them does not change them.
 */
const privateKeys = (curve: Okp) => {
  const known = new WeakMap<Uint8Array, KeyObject>()
  const remember = (raw: Uint8Array, key: KeyObject): KeyObject => {
    known.set(raw, key)
    return key
  }
  const keyOf = (raw: Uint8Array): KeyObject => known.get(raw) ?? remember(raw, privateKeyOf(curve, raw))
  return { remember, keyOf }
}

const publicKeyOf = (curve: Okp, raw: Uint8Array): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: curve, x: base64url(raw) }, format: 'jwk' })

const rawOf = (text: string | undefined): Uint8Array => Uint8Array.from(Buffer.from(text ?? '', 'base64url'))

const rawPair = (key: KeyObject) => {
  const { d, x } = key.export({ format: 'jwk' })
  return { privateKey: rawOf(d), publicKey: rawOf(x) }
}

/** RFC 7748 X25519. */
export const opensslX25519 = (): Primitives['x25519'] => {
  const keys = privateKeys('X25519')
  return {
    generate: () => {
      const { privateKey } = generateKeyPairSync('x25519')
      const pair = rawPair(privateKey)
      keys.remember(pair.privateKey, privateKey)
      return pair
    },
    sharedSecret: (privateKey, publicKey) =>
      unlessRefused(() =>
        plain(diffieHellman({ privateKey: keys.keyOf(privateKey), publicKey: publicKeyOf('X25519', publicKey) })),
      ),
  }
}

/** RFC 8032 Ed25519. */
export const opensslEd25519 = (): Primitives['ed25519'] => {
  const keys = privateKeys('Ed25519')
  return {
    generate: () => {
      const { privateKey } = generateKeyPairSync('ed25519')
      const pair = rawPair(privateKey)
      keys.remember(pair.privateKey, privateKey)
      return pair
    },
    sign: (privateKey, message) => plain(sign(null, message, keys.keyOf(privateKey))),
    verify: (publicKey, message, signature) =>
      unlessRefused(() => verify(null, message, publicKeyOf('Ed25519', publicKey), signature)) ?? false,
  }
}
