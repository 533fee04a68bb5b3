import { type Logger, MESSAGE_BYTES_MAX, type RequestFailure, type Requests } from '@hsmlab/ports'
import * as E from 'fp-ts/lib/Either.js'
import { ErrorCode, type Msg, NatsError } from 'nats'
import type { Connection } from './connection.ts'
import { ownBytes } from './own-bytes.ts'

/** Answers of the client by which we know that nobody got the request. */
const NOT_SENT: ReadonlySet<string> = new Set([
  ErrorCode.NoResponders,
  ErrorCode.ConnectionClosed,
  ErrorCode.ConnectionDraining,
  ErrorCode.MaxPayloadExceeded,
  ErrorCode.PermissionsViolation,
])

const failureOf = (cause: unknown): RequestFailure => {
  const code = cause instanceof NatsError ? cause.code : undefined
  if (code !== undefined && NOT_SENT.has(code)) return { _tag: 'NoResponder' }
  if (code === ErrorCode.Timeout) return { _tag: 'RequestTimedOut' }
  return { _tag: 'OutcomeUnknown', cause }
}

/** Question and answer on core NATS. While the connection is down nobody is there to answer, and that is the answer. */
export const natsRequests = (connection: Connection, logger: Logger, subjectOf: (at: string) => string): Requests => {
  const { nats } = connection

  const answerOne = async (answer: (message: Uint8Array) => Promise<Uint8Array>, asked: Msg): Promise<void> => {
    try {
      const reply = await answer(ownBytes(asked.data))
      if (reply.length <= MESSAGE_BYTES_MAX && connection.isUp()) asked.respond(ownBytes(reply))
    } catch {
      // A server that rejects answers nothing: the asker times out.
    }
  }

  return {
    request: (to, message, timeoutMillis) => () =>
      new Promise((resolve) => {
        if (!connection.isUp() || message.length > MESSAGE_BYTES_MAX) return resolve(E.left({ _tag: 'NoResponder' }))
        const settle = (result: E.Either<RequestFailure, Uint8Array>): void => {
          stopWatching()
          resolve(result)
        }
        const stopWatching = connection.onLost(() =>
          settle(E.left({ _tag: 'OutcomeUnknown', cause: 'the connection to NATS broke' })),
        )
        nats.request(subjectOf(to), ownBytes(message), { timeout: Math.max(1, timeoutMillis) }).then(
          ({ data }) => settle(E.right(ownBytes(data))),
          (cause: unknown) => settle(E.left(failureOf(cause))),
        )
      }),

    serve: (at, answer) => {
      const subscription = nats.subscribe(subjectOf(at), {
        callback: (error, asked) => {
          if (error !== null) return logger.log('error', 'NATS refuses to let us serve', { at, error: error.message })
          void answerOne(answer, asked)
        },
      })
      return () => subscription.unsubscribe()
    },
  }
}
