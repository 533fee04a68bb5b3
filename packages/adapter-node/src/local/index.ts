export {
  DATA_DIRECTORY_NAME,
  nearestDataDirectory,
  readInstanceFile,
  removeInstanceFile,
  writeInstanceFile,
} from './instance.ts'
export { makeSocketFolder, SOCKET_PATH_BYTES_MAX, socketPath } from './socket-path.ts'
export {
  type ConnectFailure,
  connectToUnixSocket,
  type Listening,
  type ListenFailure,
  listenOnUnixSocket,
} from './unix-socket.ts'
