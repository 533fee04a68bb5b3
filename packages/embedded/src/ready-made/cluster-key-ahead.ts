import type { CryptoEngine, RsaKeyPair } from '@hsmlab/crypto'

const RSA_BITS = 2048
const F4 = Uint8Array.of(1, 0, 1)

const isAhead = (modulusBits: number, publicExponent: Uint8Array): boolean =>
  modulusBits === RSA_BITS && publicExponent.length === F4.length && publicExponent.every((byte, i) => byte === F4[i])

/**
 * The engine, with the first RSA key of a cluster's size begun at once: finding its primes takes a good part of a first
 * start, on a thread of its own, and the first HSM asks for it last.
 */
export const withClusterKeyAhead = <Engine extends CryptoEngine>(engine: Engine): Engine => {
  let ahead: Promise<RsaKeyPair> | undefined = engine.generateRsa(RSA_BITS, F4)
  // Whoever asks for it hears of a failure; nobody may ask.
  ahead.catch(() => undefined)
  return {
    ...engine,
    generateRsa: (modulusBits, publicExponent) => {
      const begun = isAhead(modulusBits, publicExponent) ? ahead : undefined
      if (begun === undefined) return engine.generateRsa(modulusBits, publicExponent)
      ahead = undefined
      return begun
    },
  }
}
