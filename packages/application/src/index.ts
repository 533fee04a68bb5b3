export type { Appended, CommittedRun, EventStore, ScrubPlan, VisitRecord } from './event-store/event-store.ts'
export {
  type AppendRefusal,
  describeOpenFailure,
  type HeadFileDamaged,
  type LogBusy,
  type LogDamaged,
  type LogFlaw,
  type LogForeign,
  type LogMissing,
  type LogRolledBack,
  type OpenFailure,
  type PayloadTooLarge,
  type ReadFailure,
  type RevisionConflict,
  type StoreStopped,
} from './event-store/failure.ts'
export { openEventStore, type OpenOptions, type Replay } from './event-store/open-event-store.ts'
export type { HasDisk } from './event-store/parts.ts'
export {
  emptyLog,
  encodeRecord,
  genesisHash,
  hashRecord,
  type Head,
  isWellFormed,
  type LogRecord,
  PAYLOAD_BYTES_MAX,
  payloadOf,
  positionOf,
  previousHashOf,
  RECORD_OVERHEAD_BYTES,
} from './event-store/record.ts'
export { type HasSha256, type Mac, macUnder } from './event-store/seal.ts'
export type { Snapshot } from './event-store/snapshot.ts'
export { recordVerifier, type RecordVerifier, type Start, verifyRecords } from './event-store/verify.ts'
