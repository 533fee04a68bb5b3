import { aeskwp, gcm } from '@noble/ciphers/aes.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { pbkdf2 } from '@noble/hashes/pbkdf2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Primitives } from '../engine.ts'

/** The result, or `undefined` for what noble refuses by an exception: a wrong tag, a point of small order. */
const unlessRefused = <A>(compute: () => A): A | undefined => {
  try {
    return compute()
  } catch {
    return undefined
  }
}

/** The primitives in pure JavaScript; keys come from `randomBytes`, so that a seed repeats them. */
export const noblePrimitives = (randomBytes: (count: number) => Uint8Array): Primitives => ({
  sha256: (bytes) => sha256(bytes),
  hmacSha256: (key, bytes) => hmac(sha256, key, bytes),
  hkdfSha256: (inputKey, salt, info, length) => hkdf(sha256, inputKey, salt, info, length),
  aesGcm: (key) => ({
    seal: (nonce, associatedData, plaintext) => gcm(key, nonce, associatedData).encrypt(plaintext),
    open: (nonce, associatedData, ciphertext) =>
      unlessRefused(() => gcm(key, nonce, associatedData).decrypt(ciphertext)),
  }),
  x25519: {
    generate: () => {
      const privateKey = randomBytes(32)
      return { privateKey, publicKey: x25519.getPublicKey(privateKey) }
    },
    sharedSecret: (privateKey, publicKey) => unlessRefused(() => x25519.getSharedSecret(privateKey, publicKey)),
  },
  ed25519: {
    generate: () => {
      const privateKey = randomBytes(32)
      return { privateKey, publicKey: ed25519.getPublicKey(privateKey) }
    },
    sign: (privateKey, message) => ed25519.sign(message, privateKey),
    verify: (publicKey, message, signature) =>
      unlessRefused(() => ed25519.verify(signature, message, publicKey, { zip215: false })) ?? false,
  },
  pbkdf2Sha256: (password, salt, iterations, length) =>
    Promise.resolve(pbkdf2(sha256, password, salt, { c: iterations, dkLen: length })),
  aesKeyWrapPadded: (key, plaintext) => aeskwp(key).encrypt(plaintext),
  aesKeyUnwrapPadded: (key, wrapped) => unlessRefused(() => aeskwp(key).decrypt(wrapped)),
})
