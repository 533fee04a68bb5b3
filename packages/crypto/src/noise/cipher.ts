import type { AesGcm, Primitives } from '../engine.ts'

/** AES-GCM under one direction's key; the counter is the nonce (Noise rev. 34 §5.1 and §12.4). */
export interface TransportCipher {
  /** `counter` a safe integer that this key never sealed under before. */
  readonly seal: (counter: number, associatedData: Uint8Array, plaintext: Uint8Array) => Uint8Array
  /** `undefined`: it was not sealed so. */
  readonly open: (counter: number, associatedData: Uint8Array, ciphertext: Uint8Array) => Uint8Array | undefined
}

export const TAG_BYTES = 16
const NONCE_BYTES = 12

export const transportCipher = (primitives: Primitives, key: Uint8Array): TransportCipher => {
  const aead: AesGcm = primitives.aesGcm(key)
  const nonce = new Uint8Array(NONCE_BYTES)
  const view = new DataView(nonce.buffer)
  /** 32 zero bits, then the counter in 64 bits, big-endian; each time the same bytes, which no engine keeps. */
  const nonceOf = (counter: number): Uint8Array => {
    view.setUint32(4, Math.floor(counter / 2 ** 32))
    view.setUint32(8, counter >>> 0)
    return nonce
  }
  return {
    seal: (counter, associatedData, plaintext) => aead.seal(nonceOf(counter), associatedData, plaintext),
    open: (counter, associatedData, ciphertext) => aead.open(nonceOf(counter), associatedData, ciphertext),
  }
}
