import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Primitives } from '../engine.ts'
import { TAG_BYTES, type TransportCipher, transportCipher } from './cipher.ts'

const EMPTY = new Uint8Array(0)
const HASH_BYTES = 32

/** The SymmetricState of the Noise protocol framework, revision 34, §5.2, with SHA-256 and AES-GCM. */
export interface SymmetricState {
  readonly mixKey: (inputKey: Uint8Array) => void
  readonly mixHash: (bytes: Uint8Array) => void
  readonly encryptAndHash: (plaintext: Uint8Array) => Uint8Array
  /** `undefined`: it was altered, or meant for another handshake. */
  readonly decryptAndHash: (ciphertext: Uint8Array) => Uint8Array | undefined
  /** Bytes that encryption adds at this point: none before the first key. */
  readonly overhead: () => number
  readonly handshakeHash: () => Uint8Array
  /** The keys of the initiator's and of the responder's messages. */
  readonly split: () => readonly [Uint8Array, Uint8Array]
}

const initialHash = (primitives: Primitives, protocolName: string): Uint8Array => {
  const name = utf8ToBytes(protocolName)
  if (name.length > HASH_BYTES) return primitives.sha256(name)
  const padded = new Uint8Array(HASH_BYTES)
  padded.set(name)
  return padded
}

export const symmetricState = (primitives: Primitives, protocolName: string): SymmetricState => {
  let hash = initialHash(primitives, protocolName)
  let chainingKey = hash
  let cipher: TransportCipher | undefined
  let counter = 0

  /** HKDF(chaining key, input, 2) of §4.3 is RFC 5869 with the chaining key as salt and no info. */
  const derive = (inputKey: Uint8Array): readonly [Uint8Array, Uint8Array] => {
    const output = primitives.hkdfSha256(inputKey, chainingKey, EMPTY, 2 * HASH_BYTES)
    return [output.slice(0, HASH_BYTES), output.slice(HASH_BYTES)]
  }
  const mixHash = (bytes: Uint8Array): void => {
    hash = primitives.sha256(concatBytes(hash, bytes))
  }

  return {
    mixKey: (inputKey) => {
      const [nextChainingKey, key] = derive(inputKey)
      chainingKey = nextChainingKey
      cipher = transportCipher(primitives, key)
      counter = 0
    },
    mixHash,
    encryptAndHash: (plaintext) => {
      const ciphertext = cipher === undefined ? plaintext : cipher.seal(counter++, hash, plaintext)
      mixHash(ciphertext)
      return ciphertext
    },
    decryptAndHash: (ciphertext) => {
      const plaintext = cipher === undefined ? ciphertext : cipher.open(counter, hash, ciphertext)
      if (plaintext === undefined) return undefined
      if (cipher !== undefined) counter++
      mixHash(ciphertext)
      return plaintext
    },
    overhead: () => (cipher === undefined ? 0 : TAG_BYTES),
    handshakeHash: () => hash,
    split: () => derive(EMPTY),
  }
}
