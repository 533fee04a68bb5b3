export type {
  Agreed,
  Application,
  ClientFailure,
  ClientResult,
  ClientSettings,
  ClusterClient,
  ClusterKey,
  ClusterUser,
  GenerateOptions,
} from './face.ts'
