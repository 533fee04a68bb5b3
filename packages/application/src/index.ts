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
export {
  type InspectedLog,
  inspectLog,
  type LogOwner,
  openEventStore,
  type OpenOptions,
} from './event-store/open-event-store.ts'
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
export type { Replay } from './event-store/verify-log.ts'
export {
  type ControlClient,
  controlClient,
  type ControlClientPart,
  type ControlFailure,
} from './control-channel/control-client.ts'
export { type ControlHandlers, type ControlServer, serveControl } from './control-channel/control-server.ts'
export { type BackupLabel, readBackup } from './hsm/backup.ts'
export type { Hsm } from './hsm/hsm.ts'
export { type BackupAuthorities, DEFAULT_HSM_SETTINGS, type HsmEnv, type HsmSettings } from './hsm/hsm-env.ts'
export { readDeviceKeys } from './hsm/device-key.ts'
export { createHsm, describeHsmFailure, type HsmOpenFailure, openHsm } from './hsm/open-hsm.ts'
export { type Rack, type RackPart, startRack } from './hsm/rack.ts'
export { AUDIT_LOG_IDENTITY, type AuditSink, type AuditSinkPart, startAuditSink } from './audit-sink/audit-sink.ts'
export { type AuditSinkOpenFailure, type AuditSinkOptions, openAuditSink } from './audit-sink/open-audit-sink.ts'
export { type AuditSinkEvent, decodeAuditSinkEvent } from './audit-sink/codec.ts'
export { type AuditSinkState, canonicalAuditSinkState, emptyAuditSink, evolveAuditSink } from './audit-sink/state.ts'
export type {
  Controller,
  ControllerRefusal,
  ControllerUnavailable,
  CreateClusterRequest,
  CreateHsmRequest,
  HsmSighting,
  InitializeClusterRequest,
} from './controller/controller.ts'
export {
  type ControllerEnv,
  type ControllerPart,
  type ControllerSettings,
  DEFAULT_CONTROLLER_SETTINGS,
  REAL_TIME_CONTROLLER_SETTINGS,
  type TransitionDelays,
} from './controller/controller-env.ts'
export {
  controllerFold,
  type FactUnreadable,
  foldControllerLog,
  type FoldEnd,
  type Folded,
} from './controller/controller-fold.ts'
export type { ControllerOpenFailure } from './controller/controller-log.ts'
export { CONTROLLER_LOG_IDENTITY } from './controller/controller-store.ts'
export { openController } from './controller/open-controller.ts'
export { type ClientProxy, type ClientProxyEnv, startClientProxy } from './client-proxy/client-proxy.ts'
export { type InstanceKeys, makeInstanceKeys } from './instance/make-instance-keys.ts'
export { controlHandlers, type InstanceFacts, type OperatorParts } from './operator/control-handlers.ts'
export { localAudit } from './operator/local-audit.ts'
export { localController } from './operator/local-controller.ts'
export { type LocalRack, localRack } from './operator/local-rack.ts'
export type {
  Answer as OperatorAnswer,
  AuditHandle,
  ControllerHandle,
  LiveState,
  LogOwner as LogHandle,
  RackHandle,
  VisitLog,
} from './operator/parts.ts'
export { auditHandlers } from './operator/audit-handlers.ts'
export { type RackPower, remoteAudit, remoteController, remoteRack } from './operator/remote-parts.ts'
export { controllerHandlers, rackHandlers } from './operator/service-handlers.ts'
export { pkcs11Door } from './client-proxy/pkcs11-door.ts'
