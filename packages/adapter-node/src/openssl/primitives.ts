import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { Primitives } from '@hsmlab/crypto'
import { opensslGcm } from './aes-key.ts'
import { joined, plain, unlessRefused } from './bytes.ts'
import { opensslHash } from './hash.ts'
import { opensslEd25519, opensslX25519 } from './okp-keys.ts'

const TAG_BYTES = 16
const KEY_WRAP = 'id-aes256-wrap-pad'
/** RFC 5649 §3: the alternative initial value. */
const ALTERNATIVE_IV = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)

const pbkdf2Async = promisify(pbkdf2)

/** The primitives by OpenSSL. */
export const opensslPrimitives = (): Primitives => ({
  sha256: (bytes) => opensslHash('SHA-256', bytes),
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
