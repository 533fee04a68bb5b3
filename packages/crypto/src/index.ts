export { type BackupRootKeys, openBackup, persistentBackupKey, sealBackup, type SealedBackup } from './backup-key.ts'
export { bytesToNumber, equalBytes, numberToBytes } from './bytes.ts'
export { checkValue } from './check-value.ts'
export { counterKdf } from './counter-kdf.ts'
export { type Curve, CURVES } from './curves.ts'
export { ecSec1, ecSpki } from './der/ec-keys.ts'
export { ecdsaSigValue } from './der/ecdsa-signature.ts'
export { CURVE_NAMES, curveOfEcParams, ecParams } from './der/ec-params.ts'
export { ecPointAttribute, ecPointOf, isPointOn } from './der/ec-point.ts'
export { type RsaParts, rsaParts, rsaPkcs8, rsaSpki } from './der/rsa-keys.ts'
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
  RunningHash,
  X25519KeyPair,
} from './engine.ts'
export { type GcmEncryption, withGeneratedIv } from './gcm-iv.ts'
export { HASH_NAMES, HASHES, type HashFacts, hashOfMechanism, hashOfMgf, type HashName } from './hashes.ts'
export { decodeKeyMaterial, encodeKeyMaterial } from './key-codec.ts'
export { type MaskedObjectBinding, type MaskingKey, openMaskedObject, sealMaskedObject } from './masked-object.ts'
export {
  allowed,
  allowsKeySize,
  type ClusterMode,
  mechanismInfo,
  type MechanismInfo,
  mechanismTypes,
  prehashed,
  weakHashUnderCurve,
} from './mechanism-rules.ts'
export {
  type Algorithm,
  type KeySizes,
  type KeyTypeName,
  type MechanismFacts,
  mechanismFacts,
  type MechanismFunction,
  MECHANISMS,
} from './mechanisms.ts'
export { modularInverse, modularPower } from './modular.ts'
export { type Channel, channel, FRAME_OVERHEAD_BYTES } from './noise/channel.ts'
export { type TransportCipher, transportCipher } from './noise/cipher.ts'
export { type Handshake, handshake, type HandshakeOptions, type HandshakeResult } from './noise/handshake.ts'
export type { NoisePattern } from './noise/patterns.ts'
export {
  isPassword,
  noOnesVerifier,
  PASSWORD_ITERATIONS_DEFAULT,
  PASSWORD_ITERATIONS_MAX,
  PASSWORD_SALT_BYTES,
  passwordVerifier,
  type PasswordVerifier,
} from './password.ts'
export type {
  AesKey,
  CryptoBackend,
  EcPrivateKey,
  EcPublicKey,
  MacKey,
  MaybePromise,
  RsaPrivateKey,
  RsaPublicKey,
} from './processor/backend.ts'
export { cryptoEngine } from './processor/crypto-engine.ts'
export { failed, SIGNATURE_INVALID, verdict } from './processor/results.ts'
export { roomFor } from './room.ts'
export { digestInfo } from './rsa/digest-info.ts'
export { rsaKeyFromPrimes } from './rsa/key-from-primes.ts'
