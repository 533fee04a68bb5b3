export {
  DATA_DIRECTORY_NAME,
  nearestDataDirectory,
  readInstanceFile,
  removeInstanceFile,
  writeInstanceFile,
} from './instance.ts'
export { makeSocketFolder, SOCKET_PATH_BYTES_MAX, socketPath } from './socket-path.ts'
export type { Listening, ListenFailure } from './listen.ts'
export { serveUnixSocket } from './unix-server.ts'
export { type ConnectFailure, connectToUnixSocket, listenOnUnixSocket } from './unix-socket.ts'
export { clientConfigurationPath, clientFiles, clusterCaPath } from './client-files.ts'
export { findAbove } from './find-above.ts'
export { readFileIfAny, writeSecretFile } from './secret-file.ts'
export { type PidFileHeld, takePidFile } from './pid-file.ts'
export { type InstancePaths, instancePaths } from './instance-paths.ts'
export { readServiceKeys, type ServiceKeysFailure } from './service-keys-file.ts'
export { type ClusterSource, keepCustomerCas } from './keep-customer-cas.ts'
