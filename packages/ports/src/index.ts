export type {
  Bus,
  Datagrams,
  Feed,
  FeedEntry,
  FeedFailure,
  HasBus,
  RequestFailure,
  Requests,
  Subject,
  Unsubscribe,
} from './bus.ts'
export { MESSAGE_BYTES_MAX, subject } from './bus.ts'
export type { ByteConnection, ByteReceiver, ByteServer } from './byte-connection.ts'
export type {
  CertificateRejection,
  CertificateRole,
  CertificateVerifier,
  HardwareIssuer,
  HasCertificateVerifier,
  HasHardwareIssuer,
  IdentityRequest,
  IdentityTexts,
} from './certificates.ts'
export { type Clock, type HasClock, sleep } from './clock.ts'
export type { CryptoEngine, CryptoFailure, HasCryptoEngine } from './crypto-engine.ts'
export type { HttpHandler, HttpRequest, HttpResponse } from './http.ts'
export type {
  Disk,
  KeyRange,
  KeyValueStore,
  Nvram,
  StoreEntry,
  StoreFailure,
  StoreOperation,
} from './key-value-store.ts'
export type { ClientFiles, ClientTool, HasClientFiles } from './client-files.ts'
export type { DeviceHome, DeviceStorage } from './device-storage.ts'
export type { HasLogger, Logger, LogFields, LogLevel } from './logger.ts'
export type { HasRandom, Random } from './random.ts'
