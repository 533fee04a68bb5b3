export type {
  AesGcm,
  CryptoEngine,
  CryptoFailure,
  CryptoResult,
  CurveName,
  EcKeyPair,
  Ed25519KeyPair,
  KeyMaterial,
  OpenKey,
  Primitives,
  RsaKeyPair,
  X25519KeyPair,
} from './engine.ts'
