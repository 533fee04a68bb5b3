import * as E from 'fp-ts/lib/Either.js'
import { connectToUnixSocket, readInstanceFile } from '@hsmlab/adapter-node/local'
import {
  type InstanceFile,
  LOCAL_ERROR,
  type LocalClient,
  localClient,
  type LocalError,
  type LocalMethods,
} from '@hsmlab/protocol/local'

/** Code of the failure that says that no product runs on the data folder. */
export const NOT_RUNNING = 'NotRunning'

const notRunning = (dataDirectory: string): E.Either<LocalError, never> =>
  E.left({
    code: NOT_RUNNING,
    message: `hsmlab is not running on ${dataDirectory}. Start it with: npx hsmlab up --data ${dataDirectory}`,
  })

/** Connects to a socket of the product that runs on `dataDirectory`. */
export const connectTo = async <Methods extends LocalMethods>(
  dataDirectory: string,
  socketOf: (instance: InstanceFile) => string,
  methods: Methods,
): Promise<E.Either<LocalError, LocalClient<Methods>>> => {
  const instance = await readInstanceFile(dataDirectory)
  if (instance === undefined) return notRunning(dataDirectory)
  const socket = socketOf(instance)
  const connected = await connectToUnixSocket(socket, (connection) => localClient(methods, connection))()
  if (E.isRight(connected)) return connected
  if (connected.left._tag === 'NobodyListens') return notRunning(dataDirectory)
  return E.left({ code: 'SocketUnavailable', message: `The socket ${socket} cannot be used` })
}

/** A client that connects when it is first needed, and anew after the product was away. */
export const reconnecting = <Methods extends LocalMethods>(
  connect: () => Promise<E.Either<LocalError, LocalClient<Methods>>>,
  onLost: () => void,
): LocalClient<Methods> => {
  let connected: LocalClient<Methods> | undefined
  return {
    call: async (method, params, receive) => {
      if (connected === undefined) {
        const client = await connect()
        if (E.isLeft(client)) return client
        connected = client.right
      }
      const answer = await connected.call(method, params, receive)
      if (E.isLeft(answer) && answer.left.code === LOCAL_ERROR.connectionClosed) {
        connected = undefined
        onLost()
        return E.left({ code: answer.left.code, message: 'The connection to hsmlab was lost' })
      }
      return answer
    },
    close: () => connected?.close(),
  }
}
