export {
  type Beat,
  type CryptoRequest,
  decodeBeat,
  decodeCryptoRequest,
  decodeLoginReply,
  decodePasswordRequest,
  decodeRandomRequest,
  encodeBeat,
  encodeCryptoRequest,
  encodeLoginReply,
  encodePasswordRequest,
  encodeRandomRequest,
  type LoggedInRole,
  type PasswordRequest,
} from './session/binary-operations.ts'
export { type ByteReader, byteReader, type ByteWriter, byteWriter } from './session/bytes.ts'
export {
  bodyMessage,
  decodeReplies,
  decodeRequests,
  encodeReplies,
  encodeRequests,
  FRAME_HEADER_SIZE,
  FRAME_SIZE_MAX,
  messageBody,
  REQUEST_HEADER_SIZE,
  type SessionReply,
  type SessionRequest,
} from './session/frame.ts'
export {
  CHANNEL_ID_SIZE,
  channelPrologue,
  ClusterMemberships,
  HsmHello,
  PROXY_ID_SIZE,
  SignedMembership,
  staticKeyStatement,
} from './session/handshake.ts'
export {
  HsmInfo,
  JSON_OPERATIONS,
  type JsonOperationName,
  KeyFilter,
  KeyView,
  Member,
  Membership,
  OPERATION,
  type OperationName,
  type ReplyOf,
  type RequestOf,
  Role,
  UserRole,
  UserView,
} from './session/operations.ts'
export { subjects } from './subjects.ts'
export {
  BACKUP_CHUNK_SIZE_MAX,
  BACKUP_SIZE_MAX,
  CONTROL_OPERATION,
  CONTROL_OPERATIONS,
  ControlNotification,
  type ControlOperationName,
  ControlRefusal,
  type ControlReplyOf,
  type ControlRequestOf,
  HsmCondition,
  HsmDescription,
  IdentityCertificates,
} from './control/commands.ts'
export { CONTROLLER_ID_SIZE, controlPrologue } from './control/control-handshake.ts'
export {
  decodeLogRequest,
  decodeLogRun,
  encodeLogRequest,
  encodeLogRun,
  LOG_NONCE_SIZE,
  logAnswerStatement,
  type LogHead,
  logHeadStatement,
  type LogRequest,
  type LogRun,
  RUN_BYTES_MAX,
  RUN_RECORDS_MAX,
} from './log/log-run.ts'
export { type PeerLink, onReply, type Round, type RoundStep, startRound } from './peer/anti-entropy.ts'
export { answer, type PeerEndpoint } from './peer/answer.ts'
export { FETCH_HANDLES_MAX } from './peer/bodies.ts'
export { PEER_MESSAGE_SIZE_MAX, PEER_NONCE_SIZE, type PeerDrop } from './peer/envelope.ts'
