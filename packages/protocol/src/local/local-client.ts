import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { parseJson } from '@hsmlab/event-sourcing'
import type { LocalConnection, LocalPeer } from './connection.ts'
import { lineReader } from './line-reader.ts'
import { LOCAL_ERROR, type LocalError, LocalReply } from './messages.ts'
import type { EventOf, LocalMethods, ParamsOf, ResultOf } from './method.ts'

export interface LocalClient<Methods extends LocalMethods> {
  /** Asks, hands each event to `receive` in order, and resolves with the answer. Never rejects. */
  readonly call: <Name extends keyof Methods & string>(
    method: Name,
    params: ParamsOf<Methods[Name]>,
    receive?: (event: EventOf<Methods[Name]>) => void,
  ) => Promise<E.Either<LocalError, ResultOf<Methods[Name]>>>
  readonly close: () => void
}

type Outstanding = Readonly<{
  event: t.Mixed | undefined
  result: t.Mixed
  receive: (event: unknown) => void
  resolve: (answer: E.Either<LocalError, unknown>) => void
}>

const failure = (code: string, message: string): E.Either<LocalError, never> => E.left({ code, message })

const malformedReply = failure(LOCAL_ERROR.malformedReply, 'the answer is not one of this protocol')

/** The client of one connection to a server of `methods`. */
export const localClient = <Methods extends LocalMethods>(
  methods: Methods,
  connection: LocalConnection,
): LocalClient<Methods> & LocalPeer => {
  const lines = lineReader()
  const outstanding = new Map<number, Outstanding>()
  let lastId = 0
  let closed: E.Either<LocalError, never> | undefined

  const end = (why: E.Either<LocalError, never>): void => {
    if (closed !== undefined) return
    closed = why
    for (const { resolve } of outstanding.values()) resolve(why)
    outstanding.clear()
  }

  const malformed = (): void => {
    end(malformedReply)
    connection.close()
  }

  const take = (line: string | undefined): void => {
    const reply = LocalReply.decode(parseJson(line))
    if (E.isLeft(reply)) return malformed()
    const { id, error, event, result } = reply.right
    if (id === 0 && error !== undefined) return end(E.left(error))
    const asked = outstanding.get(id)
    if (asked === undefined) return
    if ('event' in reply.right) {
      const decoded = asked.event?.decode(event)
      return decoded === undefined || E.isLeft(decoded) ? malformed() : asked.receive(decoded.right)
    }
    outstanding.delete(id)
    if (error !== undefined) return asked.resolve(E.left(error))
    const decoded = asked.result.decode(result)
    asked.resolve(E.isLeft(decoded) ? malformedReply : decoded)
  }

  return {
    call: (method, params, receive = () => {}) =>
      new Promise((resolve) => {
        const known = methods[method]
        if (closed !== undefined || known === undefined) {
          resolve(closed ?? failure(LOCAL_ERROR.unknownMethod, 'there is no such method'))
          return
        }
        lastId += 1
        outstanding.set(lastId, {
          event: known.event,
          result: known.result,
          receive: receive as Outstanding['receive'],
          resolve,
        })
        void connection.send(JSON.stringify({ id: lastId, method, params: known.params.encode(params) }))
      }),
    close: () => {
      end(failure(LOCAL_ERROR.connectionClosed, 'the connection is closed'))
      connection.close()
    },
    receive: (chunk) => {
      if (closed !== undefined) return
      const { lines: read, overflow } = lines.read(chunk)
      for (const line of read) take(line)
      if (overflow) malformed()
    },
    ended: () => end(failure(LOCAL_ERROR.connectionClosed, 'the connection was closed')),
  }
}
