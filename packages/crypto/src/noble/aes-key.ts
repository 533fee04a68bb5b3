import { cbc, ctr, ecb, gcm } from '@noble/ciphers/aes.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { equalBytes, xorBytes } from '../bytes.ts'
import type { AesKey } from '../processor/backend.ts'

const UNPADDED = { disablePadding: true }
const FULL_TAG = 16

/** noble knows full tags only; shorter ones are cut from it, and opened by sealing again. */
export const nobleAesKey = (value: Uint8Array): AesKey => {
  const key = Uint8Array.from(value)

  const gcmSeal: AesKey['gcmSeal'] = (iv, aad, tagBytes, plaintext) =>
    gcm(key, iv, aad)
      .encrypt(plaintext)
      .subarray(0, plaintext.length + tagBytes)

  const keyStream = (iv: Uint8Array, length: number): Uint8Array =>
    gcm(key, iv).encrypt(new Uint8Array(length)).subarray(0, length)

  const gcmOpen: AesKey['gcmOpen'] = (iv, aad, tagBytes, ciphertext) => {
    const body = ciphertext.subarray(0, ciphertext.length - tagBytes)
    const plaintext = xorBytes(body, keyStream(iv, body.length))
    const tag = gcmSeal(iv, aad, FULL_TAG, plaintext).subarray(body.length, body.length + tagBytes)
    return equalBytes(concatBytes(body, tag), ciphertext) ? plaintext : undefined
  }

  return {
    ecb: (direction, blocks) => ecb(key, UNPADDED)[direction](blocks),
    cbc: (direction, iv, blocks) => cbc(key, iv, UNPADDED)[direction](blocks),
    ctr: (counterBlock, bytes) => ctr(key, counterBlock).encrypt(bytes),
    gcmSeal,
    gcmOpen,
    close: () => void key.fill(0),
  }
}
