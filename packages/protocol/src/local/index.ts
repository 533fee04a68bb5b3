export { CLIENT_METHODS, type ClientMethods, KEYS_PER_EVENT_MAX, LocalKey, LocalUser } from './client-methods.ts'
export type { LocalConnection, LocalPeer } from './connection.ts'
export {
  ChaosState,
  ClusterStatus,
  CONTROL_METHODS,
  type ControlMethods,
  HsmStatus,
  LOG_EVENT_BYTES_MAX,
  LOG_EVENT_RECORDS_MAX,
  LogName,
  LogOffer,
  ProductStatus,
  STATE_EVENT_BYTES_MAX,
} from './control-methods.ts'
export { InstanceFile } from './instance-file.ts'
export { LOCAL_LINE_SIZE_MAX } from './line-reader.ts'
export { type LocalClient, localClient } from './local-client.ts'
export { type LocalSession, serveLocal } from './local-server.ts'
export { LOCAL_ERROR, LocalError, LocalReply, LocalRequest } from './messages.ts'
export type {
  EventOf,
  EventSink,
  LocalHandler,
  LocalHandlers,
  LocalMethod,
  LocalMethods,
  ParamsOf,
  ResultOf,
} from './method.ts'
export { SignedAuditHead } from './signed-audit-head.ts'
export { AuditSinkKeys, ClientProxyKeys, ControllerKeys, RackKeys } from './service-keys.ts'
export {
  AUDIT_METHODS,
  type AuditMethods,
  CONTROLLER_METHODS,
  type ControllerMethods,
  LOG_METHODS,
  type LogMethods,
  RACK_METHODS,
  type RackMethods,
  ShownCluster,
} from './service-methods.ts'
