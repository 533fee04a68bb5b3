import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { AesKey } from '@hsmlab/crypto'
import { plain } from './bytes.ts'

type Gcm = Pick<AesKey, 'gcmSeal' | 'gcmOpen'>
type GcmAlgorithm = 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm'

/** AES-GCM under a key object, made once: imported for each message, the key would be half of the cost. */
export const opensslGcm = (key: KeyObject, keyBytes: number): Gcm => {
  const algorithm = `aes-${keyBytes * 8}-gcm` as GcmAlgorithm
  return {
    gcmSeal: (iv, aad, tagBytes, plaintext) => {
      const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes })
      if (aad.length > 0) cipher.setAAD(aad)
      const body = cipher.update(plaintext)
      cipher.final()
      // From the shared pool: ciphertext may lie beside anything, and memory of its own costs more than making it.
      const sealed = Buffer.allocUnsafe(body.length + tagBytes)
      sealed.set(body)
      sealed.set(cipher.getAuthTag(), body.length)
      return plain(sealed)
    },
    gcmOpen: (iv, aad, tagBytes, ciphertext) => {
      const end = ciphertext.length - tagBytes
      const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: tagBytes })
      decipher.setAuthTag(ciphertext.subarray(end))
      if (aad.length > 0) decipher.setAAD(aad)
      const plaintext = decipher.update(ciphertext.subarray(0, end))
      try {
        decipher.final()
      } catch {
        plaintext.fill(0)
        return undefined
      }
      return plain(plaintext)
    },
  }
}

export const opensslAesKey = (value: Uint8Array): AesKey => {
  const key = createSecretKey(value)
  const name = `aes-${value.length * 8}`
  const run = (
    create: typeof createCipheriv | typeof createDecipheriv,
    mode: string,
    iv: Uint8Array | null,
    bytes: Uint8Array,
  ) => {
    const cipher = create(`${name}-${mode}`, key, iv).setAutoPadding(false)
    const output = cipher.update(bytes)
    cipher.final()
    return plain(output)
  }
  return {
    ...opensslGcm(key, value.length),
    ecb: (direction, blocks) => run(direction === 'encrypt' ? createCipheriv : createDecipheriv, 'ecb', null, blocks),
    cbc: (direction, iv, blocks) => run(direction === 'encrypt' ? createCipheriv : createDecipheriv, 'cbc', iv, blocks),
    ctr: (counterBlock, bytes) => run(createCipheriv, 'ctr', counterBlock, bytes),
    close: () => {},
  }
}
