import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { AesGcm } from '@hsmlab/crypto'

const TAG_SIZE = 16

export const nodeAesGcm = (key: Uint8Array): AesGcm => ({
  seal: (nonce, associatedData, plaintext) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData)
    return Uint8Array.of(...cipher.update(plaintext), ...cipher.final(), ...cipher.getAuthTag())
  },
  open: (nonce, associatedData, ciphertext) => {
    if (ciphertext.length < TAG_SIZE) return undefined
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(associatedData)
    decipher.setAuthTag(ciphertext.subarray(ciphertext.length - TAG_SIZE))
    try {
      const head = decipher.update(ciphertext.subarray(0, ciphertext.length - TAG_SIZE))
      return Uint8Array.of(...head, ...decipher.final())
    } catch {
      return undefined
    }
  },
})
