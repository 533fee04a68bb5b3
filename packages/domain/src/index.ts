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
export { civilDate } from './audit/audit-time.ts'
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
export {
  type GuardedKey,
  type KeyFunction,
  type KeyUser,
  mayTrust,
  mayUse,
  mayWrapWith,
  type Visibility,
  visibility,
} from './key/access.ts'
export type { CkrRejection } from './key/ckr-rejection.ts'
export { KeyRecord, Seen, Shares, Stamps, Tombstone } from './key/key-record.ts'
export { matches } from './key/matches.ts'
export {
  type KeyPairParameters,
  type NewKey,
  newKeyPair,
  type NewKeyPair,
  newSecretKey,
  type NewSecretKey,
} from './key/new-key.ts'
export { ID_BYTES_MAX, LABEL_BYTES_MAX } from './key/template-rules.ts'
export { changeAttributes, changeShare, latestStamp, tombstoneOf } from './sync/change.ts'
export {
  type Bucket,
  BUCKET_COUNT,
  bucketOf,
  emptyDigest,
  equalBuckets,
  type KeyDigest,
  LEAF_SIZE,
  leafOf,
  rootDigest,
  withEntry,
  withoutEntry,
} from './sync/digest.ts'
export {
  entryBytes,
  entryMac,
  type Hmac,
  isTombstone,
  type KeyEntry,
  KeyEntryCodec,
  macHolds,
  newKeyRecord,
  sharedWith,
  signed,
  type Unsigned,
} from './sync/entry.ts'
export { keyTable, type KeyTable, type MutableKeyTable } from './sync/key-table.ts'
export { type Lineage, lineage, peerHmac } from './sync/lineage.ts'
export { type Superseded, supersededText } from './sync/merge-record.ts'
export { type Merge, mergeEntry, type MergeRefusal } from './sync/merge.ts'
export {
  compareStamps,
  laterStamp,
  nextStamp,
  type Reading,
  readStamp,
  STAMP_SKEW_MICROS_MAX,
  type StampRejection,
  writeStamp,
} from './sync/stamp.ts'
export { type AuditCursor, auditOf, firstAuditCursor } from './hsm/audit-of.ts'
export { decodeHsmFact, encodeHsmFact, UserRecordCodec } from './hsm/codec.ts'
export {
  ASYMMETRIC_KEYS_MAX,
  creationRefusal,
  decideDestroyKey,
  decideExtractKey,
  decideGenerateKey,
  decideGenerateKeyPair,
  deletableGeneration,
  KEYS_MAX,
  repeatedKey,
  repeatedKeyPair,
  type VolatileCount,
} from './hsm/decide-keys.ts'
export {
  decideChangePassword,
  decideCreateUser,
  decideDeleteUser,
  decideLogin,
  findUser,
  isLocked,
  LOGIN_FAILURES_MAX,
  type PasswordVerdict,
  USERS_MAX,
} from './hsm/decide-users.ts'
export { HSM_RETURN } from './hsm/hsm-return.ts'
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
export {
  allClusters,
  canonicalControlPlane,
  type Cluster,
  type ClusterBackup,
  clustersOf,
  type ControlPlane,
  emptyControlPlane,
  findHsm,
  type GoneHsm,
  hasContent,
  type Hsm,
  hsmsOf,
  isMember,
  stateOf,
} from './cluster/cluster.ts'
export { clusterDecider } from './cluster/cluster-decider.ts'
export { decodeClusterFact, encodeClusterFact } from './cluster/codec.ts'
export { HSM_COUNT_MAX } from './cluster/decide-create-hsm.ts'
export { DEFAULT_LIMITS, type Limits } from './cluster/decision.ts'
export { evolveControlPlane } from './cluster/evolve.ts'
export type {
  Backup,
  ClusterCommand,
  ClusterEvent,
  ClusterFact,
  ClusterMode,
  ClusterPhase,
  ClusterRejection,
  ClusterReport,
  ClusterRequest,
  ClusterState,
  HsmLifecycleState,
  HsmOrigin,
  HsmReference,
  IdentityCertificateTexts,
  NetworkType,
  Subnet,
  Tag,
  Vpc,
  World,
} from './cluster/messages.ts'
export { cidrOf, defaultVpc } from './cluster/network.ts'
