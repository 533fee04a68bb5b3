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
