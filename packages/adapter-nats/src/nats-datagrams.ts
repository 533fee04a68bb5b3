import { type Datagrams, type Logger, MESSAGE_BYTES_MAX } from '@hsmlab/ports'
import type { Connection } from './connection.ts'
import { ownBytes } from './own-bytes.ts'

/** Messages without an answer on core NATS. What is sent while the connection is down is lost. */
export const natsDatagrams = (
  connection: Connection,
  logger: Logger,
  subjectOf: (at: string) => string,
): Datagrams => ({
  send: (to, message) => {
    if (!connection.isUp() || message.length > MESSAGE_BYTES_MAX) return
    connection.nats.publish(subjectOf(to), ownBytes(message))
  },
  listen: (at, receive) => {
    const subscription = connection.nats.subscribe(subjectOf(at), {
      callback: (error, { data }) => {
        if (error !== null) return logger.log('error', 'NATS refuses to let us listen', { at, error: error.message })
        try {
          receive(ownBytes(data))
        } catch (thrown) {
          // The client reads no further when a callback throws.
          logger.log('error', 'a receiver threw', { at, error: thrown instanceof Error ? thrown.name : 'unknown' })
        }
      },
    })
    return () => subscription.unsubscribe()
  },
})
