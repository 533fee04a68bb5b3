import { ecb } from '@noble/ciphers/aes.js'
import { sha1 } from '@noble/hashes/legacy.js'
import type { KeyMaterial } from './engine.ts'

const CHECK_VALUE_BYTES = 3
const ZERO_BLOCK = new Uint8Array(16)

/**
 * CKA_CHECK_VALUE, three bytes (*Check value*, CloudHSM user guide): of an AES key from the encryption of a zero block;
 * of a key pair from SHA-1 of the public key, the same on both halves, so that it takes the public one. We hash the
 * uncompressed point, or the modulus. `undefined` for generic secrets, for which CloudHSM documents none.
 */
export const checkValue = (
  material: Extract<KeyMaterial, { _tag: 'secret' | 'ec-public' | 'rsa-public' }>,
): Uint8Array | undefined => {
  switch (material._tag) {
    case 'secret':
      if (material.keyType !== 'CKK_AES') return undefined
      return ecb(material.value, { disablePadding: true }).encrypt(ZERO_BLOCK).subarray(0, CHECK_VALUE_BYTES)
    case 'ec-public':
      return sha1(material.point).subarray(0, CHECK_VALUE_BYTES)
    case 'rsa-public':
      return sha1(material.modulus).subarray(0, CHECK_VALUE_BYTES)
  }
}
