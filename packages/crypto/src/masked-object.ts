import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { framed, uint64Bytes } from './bytes.ts'
import type { KeyMaterial, Primitives } from './engine.ts'
import { decodeKeyMaterial, encodeKeyMaterial } from './key-codec.ts'

/** The key that all HSMs of a cluster and of its clones share, 32 bytes, and the name of its lineage. */
export type MaskingKey = Readonly<{ id: string; key: Uint8Array }>

/** What a masked object is bound to: opened under anything else, it stays closed. */
export type MaskedObjectBinding = Readonly<{
  handle: number
  generation: number
  /** The immutable attributes in their canonical bytes. */
  attributes: Uint8Array
}>

const NONCE_BYTES = 12
const PURPOSE = utf8ToBytes('hsmlab masked object v1')

const associatedData = (maskingKeyId: string, { handle, generation, attributes }: MaskedObjectBinding): Uint8Array =>
  framed([PURPOSE, utf8ToBytes(maskingKeyId), uint64Bytes(handle), uint64Bytes(generation), attributes])

/**
 * Seals key material under the masking key: `nonce` (12 random bytes, never used before under this key), then
 * AES-256-GCM ciphertext and tag. The masked object is how a key leaves its HSM for the cluster's others.
 */
export const sealMaskedObject = (
  primitives: Primitives,
  maskingKey: MaskingKey,
  binding: MaskedObjectBinding,
  nonce: Uint8Array,
  material: KeyMaterial,
): Uint8Array => {
  const plaintext = encodeKeyMaterial(material)
  const sealed = primitives.aesGcm(maskingKey.key).seal(nonce, associatedData(maskingKey.id, binding), plaintext)
  plaintext.fill(0)
  return concatBytes(nonce, sealed)
}

/** `undefined`: altered, bound to another handle, generation or attributes, or masked by another lineage. */
export const openMaskedObject = (
  primitives: Primitives,
  maskingKey: MaskingKey,
  binding: MaskedObjectBinding,
  maskedObject: Uint8Array,
): KeyMaterial | undefined => {
  if (maskedObject.length < NONCE_BYTES) return undefined
  const aead = primitives.aesGcm(maskingKey.key)
  const nonce = maskedObject.subarray(0, NONCE_BYTES)
  const plaintext = aead.open(nonce, associatedData(maskingKey.id, binding), maskedObject.subarray(NONCE_BYTES))
  if (plaintext === undefined) return undefined
  const material = decodeKeyMaterial(plaintext)
  plaintext.fill(0)
  return material
}
