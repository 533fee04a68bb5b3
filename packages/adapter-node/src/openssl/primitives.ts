import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, hkdfSync, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { Primitives } from '@hsmlab/crypto'
import { opensslGcm } from './aes-key.ts'
import { joined, plain, unlessRefused } from './bytes.ts'
import { opensslEd25519, opensslX25519 } from './okp-keys.ts'

const TAG_BYTES = 16
const KEY_WRAP = 'id-aes256-wrap-pad'
/** RFC 5649 §3: the alternative initial value. */
const ALTERNATIVE_IV = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)

const pbkdf2Async = promisify(pbkdf2)

const SHA256_BYTES = 32

/** Node hands a digest over as text in half the time that a Buffer takes, and a log is verified by three of them a record. */
const sha256 = (bytes: Uint8Array): Uint8Array => {
  const text = hash('sha256', bytes, 'binary')
  const digest = new Uint8Array(SHA256_BYTES)
  for (let i = 0; i < SHA256_BYTES; i++) digest[i] = text.charCodeAt(i)
  return digest
}

/** The primitives by OpenSSL. */
export const opensslPrimitives = (): Primitives => ({
  sha256,
  hmacSha256: (key, bytes) => plain(createHmac('sha256', key).update(bytes).digest()),
  hkdfSha256: (inputKey, salt, info, length) => new Uint8Array(hkdfSync('sha256', inputKey, salt, info, length)),
  aesGcm: (key) => {
    const { gcmSeal, gcmOpen } = opensslGcm(createSecretKey(key), key.length)
    return {
      seal: (nonce, associatedData, plaintext) => gcmSeal(nonce, associatedData, TAG_BYTES, plaintext),
      open: (nonce, associatedData, ciphertext) =>
        ciphertext.length < TAG_BYTES ? undefined : gcmOpen(nonce, associatedData, TAG_BYTES, ciphertext),
    }
  },
  x25519: opensslX25519(),
  ed25519: opensslEd25519(),
  pbkdf2Sha256: async (password, salt, iterations, length) =>
    plain(await pbkdf2Async(password, salt, iterations, length, 'sha256')),
  aesKeyWrapPadded: (key, plaintext) => {
    const cipher = createCipheriv(KEY_WRAP, key, ALTERNATIVE_IV)
    return joined(cipher.update(plaintext), cipher.final())
  },
  aesKeyUnwrapPadded: (key, wrapped) =>
    unlessRefused(() => {
      const decipher = createDecipheriv(KEY_WRAP, key, ALTERNATIVE_IV)
      return joined(decipher.update(wrapped), decipher.final())
    }),
})
