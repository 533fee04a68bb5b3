import * as E from 'fp-ts/lib/Either.js'
import { connectToUnixSocket } from '@hsmlab/adapter-node/local'
import { type LocalClient, localClient, type LocalMethods } from '@hsmlab/protocol/local'

/** A client of one service's door that connects when it is asked, and anew after the service was away. */
export const doorClient = <Methods extends LocalMethods>(socket: string, methods: Methods): LocalClient<Methods> => {
  let connected: LocalClient<Methods> | undefined
  return {
    call: async (method, params, receive) => {
      if (connected === undefined) {
        const opened = await connectToUnixSocket(socket, (connection) => localClient(methods, connection))()
        if (E.isLeft(opened)) return E.left({ code: 'ServiceAway', message: `Nobody answers at ${socket}.` })
        connected = opened.right
      }
      const answer = await connected.call(method, params, receive)
      if (E.isLeft(answer) && answer.left.code === 'ConnectionClosed') connected = undefined
      return answer
    },
    close: () => connected?.close(),
  }
}
