import { opensslPrimitives } from '@hsmlab/adapter-node'
import type { CryptoEngine } from '@hsmlab/crypto'
import { nobleEngine, RSA_FIXTURES } from '@hsmlab/crypto/noble'
import type { Random } from '@hsmlab/ports'

/** RFC 7748 §4.1: a private key times this point is its public key. */
const X25519_BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31))

/** The noble engine alone: the slowest and purest, and what the quicker one is compared with. */
export const pureEngine = (random: Random): CryptoEngine => nobleEngine({ random, rsaKeys: RSA_FIXTURES })

/**
 * The noble engine, but where a result follows from the arguments alone OpenSSL computes it: hashes, AEAD, X25519,
 * Ed25519. All that needs chance (keys, nonces, salts, hedged ECDSA) stays noble's, from `random`. So a history is the
 * same with both engines, and takes a fraction of the time with this one.
 */
export const simulationEngine = (random: Random): CryptoEngine => {
  const pure = pureEngine(random)
  const { sha256, hmacSha256, hkdfSha256, aesGcm, x25519, ed25519, ...rest } = opensslPrimitives()
  return {
    ...pure,
    sha256,
    hmacSha256,
    hkdfSha256,
    aesGcm,
    aesKeyWrapPadded: rest.aesKeyWrapPadded,
    aesKeyUnwrapPadded: rest.aesKeyUnwrapPadded,
    x25519: {
      generate: () => {
        const privateKey = random.bytes(32)
        return { privateKey, publicKey: x25519.sharedSecret(privateKey, X25519_BASE_POINT) ?? X25519_BASE_POINT }
      },
      sharedSecret: x25519.sharedSecret,
    },
    ed25519: { generate: pure.ed25519.generate, sign: ed25519.sign, verify: ed25519.verify },
  }
}
