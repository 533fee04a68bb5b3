import type { Either } from 'fp-ts/lib/Either.js'
import type { CkrName, Mechanism } from '@hsmlab/pkcs11'
import type { HashName } from './hashes.ts'

/** Named curves by their SEC 2 names: P-256, P-384, P-521, P-224 and secp256k1. */
export type CurveName = 'secp224r1' | 'secp256r1' | 'secp384r1' | 'secp521r1' | 'secp256k1'

/** Why a mechanism gave no result. Every padding and tag failure of one mechanism has one and the same code. */
export type CryptoFailure = Readonly<{ _tag: CkrName }>

export type CryptoResult = Either<CryptoFailure, Uint8Array>

/**
 * The secret bytes of a key as an HSM seals them, and the public ones as it publishes them:
 * `secret` is the value of an AES or generic secret key; `ec-private` the scalar, big-endian, as wide as the order;
 * `ec-public` the uncompressed point (04 x y); `rsa-private` PKCS#8 DER; `rsa-public` modulus and exponent, big-endian.
 */
export type KeyMaterial =
  | Readonly<{ _tag: 'secret'; keyType: 'CKK_AES' | 'CKK_GENERIC_SECRET'; value: Uint8Array }>
  | Readonly<{ _tag: 'ec-private'; curve: CurveName; scalar: Uint8Array }>
  | Readonly<{ _tag: 'ec-public'; curve: CurveName; point: Uint8Array }>
  | Readonly<{ _tag: 'rsa-private'; pkcs8: Uint8Array }>
  | Readonly<{ _tag: 'rsa-public'; modulus: Uint8Array; publicExponent: Uint8Array }>

/** A key made ready for use by one engine; holds secrets, never leaves the HSM. */
export interface OpenKey {
  readonly keyType: 'CKK_AES' | 'CKK_GENERIC_SECRET' | 'CKK_EC' | 'CKK_RSA'
  /** Bits of the RSA modulus, the EC order or the secret value. */
  readonly bits: number
  /** Wipes what can be wiped. The key is of no use afterwards. */
  readonly close: () => void
}

export type EcKeyPair = Readonly<{ scalar: Uint8Array; point: Uint8Array }>
export type RsaKeyPair = Readonly<{ pkcs8: Uint8Array; modulus: Uint8Array; publicExponent: Uint8Array }>
export type X25519KeyPair = Readonly<{ privateKey: Uint8Array; publicKey: Uint8Array }>
export type Ed25519KeyPair = Readonly<{ privateKey: Uint8Array; publicKey: Uint8Array }>

/** AES-256-GCM under one key: 12-byte nonce, 16-byte tag at the end. */
export interface AesGcm {
  readonly seal: (nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array) => Uint8Array
  /** `undefined`: it was not sealed so. */
  readonly open: (nonce: Uint8Array, associatedData: Uint8Array, ciphertext: Uint8Array) => Uint8Array | undefined
}

/** A digest over a message that comes in parts. After `digest` it is of no use. */
export interface RunningHash {
  readonly update: (part: Uint8Array) => void
  readonly digest: () => Uint8Array
}

/** The primitives under the log, the channel, sealed keys and passwords. */
export interface Primitives {
  readonly sha256: (bytes: Uint8Array) => Uint8Array
  readonly hmacSha256: (key: Uint8Array, bytes: Uint8Array) => Uint8Array
  /** RFC 5869 with SHA-256. */
  readonly hkdfSha256: (inputKey: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) => Uint8Array
  readonly aesGcm: (key: Uint8Array) => AesGcm
  readonly x25519: {
    readonly generate: () => X25519KeyPair
    /** RFC 7748; `undefined` for a public key of small order. */
    readonly sharedSecret: (privateKey: Uint8Array, publicKey: Uint8Array) => Uint8Array | undefined
  }
  readonly ed25519: {
    readonly generate: () => Ed25519KeyPair
    readonly sign: (privateKey: Uint8Array, message: Uint8Array) => Uint8Array
    readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  }
  /** RFC 8018 PBKDF2 with HMAC-SHA-256. Off the event loop where the engine can. */
  readonly pbkdf2Sha256: (
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
  ) => Promise<Uint8Array>
  /** RFC 3394 and RFC 5649 (SP 800-38F KW and KWP) under a 256-bit key. */
  readonly aesKeyWrapPadded: (key: Uint8Array, plaintext: Uint8Array) => Uint8Array
  readonly aesKeyUnwrapPadded: (key: Uint8Array, wrapped: Uint8Array) => Uint8Array | undefined
}

/**
 * The HSM's crypto processor. Every operation is single-part and stateless: what a multi-part call needs in between is
 * kept by the client, so that any HSM that holds the key can go on. A result that is not a promise was computed on the
 * caller's thread; what takes over 100 µs is computed elsewhere when others wait.
 */
export interface CryptoEngine extends Primitives {
  readonly name: 'openssl' | 'noble'
  readonly generateEc: (curve: CurveName) => EcKeyPair
  /**
   * `modulusBits` 2048 to 4096 in steps of 256; `publicExponent` big-endian, odd, at least 65537 and below
   * 2²⁵⁶. Rejects when the engine cannot make such a key, as noble for what is not in its pool.
   */
  readonly generateRsa: (modulusBits: number, publicExponent: Uint8Array) => Promise<RsaKeyPair>
  /** `CKR_KEY_TYPE_INCONSISTENT` or `CKR_ATTRIBUTE_VALUE_INVALID` for bytes that are no such key. */
  readonly open: (material: KeyMaterial) => Either<CryptoFailure, OpenKey>
  readonly digest: (mechanism: Mechanism, message: Uint8Array) => CryptoResult
  /** For whoever hashes in its own software what has no limit, as CloudHSM's client library does. */
  readonly startHash: (hash: HashName) => RunningHash
  readonly sign: (key: OpenKey, mechanism: Mechanism, message: Uint8Array) => CryptoResult | Promise<CryptoResult>
  /** Right(empty) when the signature holds, else `CKR_SIGNATURE_INVALID` or `CKR_SIGNATURE_LEN_RANGE`. */
  readonly verify: (
    key: OpenKey,
    mechanism: Mechanism,
    message: Uint8Array,
    signature: Uint8Array,
  ) => CryptoResult | Promise<CryptoResult>
  readonly encrypt: (key: OpenKey, mechanism: Mechanism, plaintext: Uint8Array) => CryptoResult | Promise<CryptoResult>
  readonly decrypt: (key: OpenKey, mechanism: Mechanism, ciphertext: Uint8Array) => CryptoResult | Promise<CryptoResult>
}
