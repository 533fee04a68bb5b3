export { type Answer, refuse, type Refusal, type Reply } from './answer.ts'
export {
  type Attribute,
  type AttributeReading,
  type AttributeReadings,
  type AttributeRoom,
  type AttributeValue,
  UNAVAILABLE,
} from './attribute.ts'
export type { CallMechanism } from './call-mechanism.ts'
export type { CryptokiConnection } from './connection-face.ts'
export { type Cryptoki, openCryptoki } from './cryptoki.ts'
export type { LibraryInfo, SessionInfo, SlotInfo, TokenInfo, Version } from './infos.ts'
export type { Output, Room } from './output.ts'
export {
  type CryptokiConfiguration,
  type CryptokiDependencies,
  type CryptokiSettings,
  DEFAULT_SETTINGS,
  SESSIONS_MAX,
} from './settings.ts'
