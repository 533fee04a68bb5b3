export {
  ClientConfiguration,
  ClientLogging,
  type ClientOptions,
  clientSettings,
  type ConfigurationFailure,
  type ConfiguredCluster,
  HSM_PORT,
  initialConfiguration,
  readClientConfiguration,
  unnamedCluster,
} from './configuration.ts'
export { connectCluster } from './connect-cluster.ts'
export type { ClientDoor, DoorCluster } from './door/client-door.ts'
export { serveApplication } from './door/serve-application.ts'
export type {
  Agreed,
  Application,
  ClientFailure,
  ClientResult,
  ClientSettings,
  ClusterClient,
  ClusterKey,
  ClusterSettings,
  ClusterUser,
  GenerateOptions,
  HsmConnection,
  LoggedIn,
} from './face.ts'
export type { ClientEnv } from './state.ts'
