import type { AesGcm, CryptoEngine } from '@hsmlab/crypto'
import { type Base64, fromBase64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { Random } from '@hsmlab/ports'

const NONCE_SIZE = 12

/** Seals what an HSM keeps for itself, before it goes into an event: AES-256-GCM, 12-byte random nonce in front. */
export interface Sealer {
  /** `purpose` is bound to the result: a verifier cannot be opened as a key, nor one user's as another's. */
  readonly seal: (purpose: string, secret: Uint8Array) => Base64
  /** `undefined`: not sealed here, or for another purpose. */
  readonly open: (purpose: string, sealed: Base64) => Uint8Array | undefined
  /** Forgets the key: nothing is opened any more, and what is sealed yet nobody opens. */
  readonly destroy: () => void
}

export const sealerUnder = (engine: Pick<CryptoEngine, 'aesGcm'>, random: Random, key: Uint8Array): Sealer => {
  let gcm: AesGcm | undefined = engine.aesGcm(key)
  return {
    seal: (purpose, secret) => {
      const nonce = random.bytes(NONCE_SIZE)
      const ciphertext = (gcm ?? engine.aesGcm(random.bytes(key.length))).seal(nonce, utf8Bytes(purpose), secret)
      const sealed = new Uint8Array(NONCE_SIZE + ciphertext.length)
      sealed.set(nonce)
      sealed.set(ciphertext, NONCE_SIZE)
      return toBase64(sealed)
    },
    open: (purpose, sealed) => {
      const bytes = fromBase64(sealed)
      return gcm?.open(bytes.subarray(0, NONCE_SIZE), utf8Bytes(purpose), bytes.subarray(NONCE_SIZE))
    },
    destroy: () => {
      gcm = undefined
      key.fill(0)
    },
  }
}

/** The purposes of what an HSM seals. */
export const PURPOSE = {
  identityKey: 'identity key',
  staticKey: 'static key',
  maskingKey: 'masking key',
  clusterKey: 'cluster key',
  verifier: (username: string): string => `verifier ${username}`,
} as const
