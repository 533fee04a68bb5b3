export { type Base64, Base64Codec, fromBase64, toBase64 } from './bytes.ts'
export { canonicalJson, type Json } from './canonical-json.ts'
export { type Decider, replay } from './decider.ts'
export { type Fact, type FactCodec, factCodec } from './fact.ts'
export { invariant } from './invariant.ts'
export type { Message, Tagged } from './message.ts'
export { parseJson, parseJsonBytes } from './parse-json.ts'
export { quickDecoder } from './quick-decoder.ts'
export {
  type DecodeError,
  type EventCodec,
  eventCodec,
  type StoredEvent,
  type Upcast,
  upcast,
  versioned,
  type VersionedCodec,
} from './versioned.ts'
export { utf8Bytes, utf8Text } from './utf8.ts'
