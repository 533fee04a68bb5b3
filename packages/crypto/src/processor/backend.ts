import type { CryptoResult, CurveName, EcKeyPair, Primitives, RsaKeyPair, RunningHash } from '../engine.ts'
import type { HashName } from '../hashes.ts'

/** A result of the caller's thread, or the promise of one computed elsewhere; the promise never rejects. */
export type MaybePromise<A> = A | Promise<A>

export type Direction = 'encrypt' | 'decrypt'

/** What a backend does with an AES key. Lengths were checked; nothing here pads. */
export interface AesKey {
  /** Whole blocks. */
  readonly ecb: (direction: Direction, blocks: Uint8Array) => Uint8Array
  /** Whole blocks; 16-byte IV. */
  readonly cbc: (direction: Direction, iv: Uint8Array, blocks: Uint8Array) => Uint8Array
  /** Any length; the whole of the 16-byte block counts. */
  readonly ctr: (counterBlock: Uint8Array, bytes: Uint8Array) => Uint8Array
  readonly gcmSeal: (iv: Uint8Array, aad: Uint8Array, tagBytes: number, plaintext: Uint8Array) => Uint8Array
  readonly gcmOpen: (
    iv: Uint8Array,
    aad: Uint8Array,
    tagBytes: number,
    ciphertext: Uint8Array,
  ) => Uint8Array | undefined
  readonly close: () => void
}

export interface MacKey {
  readonly mac: (hash: HashName, message: Uint8Array) => Uint8Array
  readonly close: () => void
}

/** Signatures are r s, each as wide as the order. A digest longer than the order is cut as FIPS 186-5 §6.4.1 says. */
export interface EcPrivateKey {
  readonly signDigest: (digest: Uint8Array) => MaybePromise<CryptoResult>
  readonly signMessage: (hash: HashName, message: Uint8Array) => MaybePromise<CryptoResult>
  readonly close: () => void
}

/** Right(empty), or CKR_SIGNATURE_INVALID; the signature has the right length. */
export interface EcPublicKey {
  readonly verifyDigest: (digest: Uint8Array, signature: Uint8Array) => MaybePromise<CryptoResult>
  readonly verifyMessage: (hash: HashName, message: Uint8Array, signature: Uint8Array) => MaybePromise<CryptoResult>
}

/** A block is as wide as the modulus; one that is not below it gives CKR_DATA_INVALID. */
export interface RsaPrivateKey {
  readonly privateOperation: (block: Uint8Array) => MaybePromise<CryptoResult>
  readonly close: () => void
}

export interface RsaPublicKey {
  readonly publicOperation: (block: Uint8Array) => CryptoResult
}

/**
 * What an implementation of the arithmetic brings; `cryptoEngine` makes an engine of it. Parameters, lengths, limits,
 * paddings and error codes stand there, once for all of them. An `open…` that returns `undefined` met bytes that are
 * no such key.
 */
export interface CryptoBackend extends Primitives {
  readonly name: 'openssl' | 'noble'
  readonly randomBytes: (count: number) => Uint8Array
  readonly hash: (hash: HashName, message: Uint8Array) => Uint8Array
  readonly startHash: (hash: HashName) => RunningHash
  readonly generateEc: (curve: CurveName) => EcKeyPair
  readonly generateRsa: (modulusBits: number, publicExponent: Uint8Array) => Promise<RsaKeyPair>
  readonly openAes: (value: Uint8Array) => AesKey
  readonly openMac: (value: Uint8Array) => MacKey
  readonly openEcPrivate: (curve: CurveName, scalar: Uint8Array) => EcPrivateKey | undefined
  readonly openEcPublic: (curve: CurveName, point: Uint8Array) => EcPublicKey | undefined
  readonly openRsaPrivate: (pkcs8: Uint8Array) => RsaPrivateKey | undefined
  readonly openRsaPublic: (modulus: Uint8Array, publicExponent: Uint8Array) => RsaPublicKey | undefined
}

/** `change` on a result, now or when it is there. */
export const andThen = <A, B>(value: MaybePromise<A>, change: (value: A) => B): MaybePromise<B> =>
  value instanceof Promise ? value.then(change) : change(value)
