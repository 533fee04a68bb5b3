export {
  auditHash,
  AuditHead,
  auditHeadStatement,
  chainAuditRecord,
  ChainedAuditRecord,
  emptyAuditHead,
} from './audit/audit-chain.ts'
export { AuditRecord } from './audit/audit-record.ts'
export { auditText } from './audit/audit-text.ts'
export {
  AUDIT_OPCODE,
  type AuditOpcode,
  commandTypeOf,
  LOG_TYPE,
  type LogType,
  USER_TYPE,
  type UserType,
} from './audit/opcodes.ts'
export { type AuditFinding, describeAuditFinding, verifyAuditChain } from './audit/verify-audit-chain.ts'
export {
  type AvailabilityZone,
  AvailabilityZoneCodec,
  type BackupId,
  BackupIdCodec,
  type ClusterId,
  ClusterIdCodec,
  type CommandId,
  CommandIdCodec,
  type HsmId,
  HsmIdCodec,
  type KeyHandle,
  KeyHandleCodec,
  type Stamp,
  StampCodec,
  type Username,
  UsernameCodec,
} from './identifiers.ts'
export {
  FixedAttributes,
  type KeyAttributes,
  KeyClass,
  KeyTemplate,
  KeyType,
  type MutableAttributeName,
  MutableAttributes,
} from './key/attributes.ts'
export { KeyRecord, Shares, Stamps, Tombstone } from './key/key-record.ts'
export { type AuditCursor, auditOf, firstAuditCursor } from './hsm/audit-of.ts'
export { decodeHsmFact, encodeHsmFact, UserRecordCodec } from './hsm/codec.ts'
export {
  decideChangePassword,
  decideCreateUser,
  decideDeleteUser,
  decideLogin,
  findUser,
  HSM_RETURN,
  isLocked,
  LOGIN_FAILURES_MAX,
  type PasswordVerdict,
  USERS_MAX,
} from './hsm/decide-users.ts'
export type {
  Caller,
  HsmDecision,
  HsmEvent,
  HsmFact,
  HsmMode,
  HsmProvisioned,
  HsmRejection,
  HsmRole,
  KeySource,
  SealedVerifier,
  UserRecord,
} from './hsm/messages.ts'
export { rejection } from './hsm/rejection.ts'
export { readHsmSnapshot } from './hsm/snapshot.ts'
export {
  blankHsm,
  canonicalHsmState,
  type CommandOutcome,
  evolveHsm,
  type HsmIdentity,
  type HsmPhase,
  type HsmState,
} from './hsm/state.ts'
