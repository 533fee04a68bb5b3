import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { parseJson } from '@hsmlab/event-sourcing'
import type { LocalConnection, LocalPeer } from './connection.ts'
import { lineReader } from './line-reader.ts'
import { LOCAL_ERROR, type LocalError, LocalRequest } from './messages.ts'
import type { EventSink, LocalHandlers, LocalMethods } from './method.ts'

/** Requests of one connection that may wait; they are answered one by one, in order. */
const WAITING_REQUESTS_MAX = 64

/** What serves one connection. `ended` is called once, after the last handler has returned. */
export type LocalSession<Methods extends LocalMethods> = Readonly<{
  handlers: LocalHandlers<Methods>
  ended: () => void
}>

type Answer = E.Either<LocalError, unknown>
type AnyHandler = (params: unknown, events: EventSink<unknown>) => Promise<Answer>

const refusal = (code: string, message: string): LocalError => ({ code, message })

/** Names the members that do not fit, never their values: one may be a password. */
const pathsOf = (errors: t.Errors): string =>
  [...new Set(errors.map(({ context }) => context.map(({ key }) => key).join('.')))].join(', ')

/**
 * Serves one connection of `methods`: a line that is no request is answered with id 0 and an error, a line that is too
 * long with an error and the end of the connection. Other connections notice nothing of it.
 */
export const serveLocal = <Methods extends LocalMethods>(
  methods: Methods,
  session: LocalSession<Methods>,
  connection: LocalConnection,
): LocalPeer => {
  const lines = lineReader()
  const goneListeners: (() => void)[] = []
  let gone = false
  let waiting = 0
  let queue: Promise<void> = Promise.resolve()

  const send = async (message: object): Promise<void> => {
    if (!gone) await connection.send(JSON.stringify(message))
  }

  const eventsOf = (id: number, codec: t.Mixed | undefined): EventSink<unknown> => ({
    emit: async (event) => {
      if (codec !== undefined) await send({ id, event: codec.encode(event) })
      return !gone
    },
    onGone: (run) => {
      if (gone) run()
      else goneListeners.push(run)
    },
  })

  const answer = async ({ id, method, params }: LocalRequest): Promise<Answer> => {
    const known = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (known === undefined) return E.left(refusal(LOCAL_ERROR.unknownMethod, 'there is no such method'))
    const decoded = known.params.decode(params)
    if (E.isLeft(decoded)) return E.left(refusal(LOCAL_ERROR.malformedParams, `malformed: ${pathsOf(decoded.left)}`))
    const handler = session.handlers[method] as AnyHandler
    const result = await handler(decoded.right, eventsOf(id, known.event))
    return E.isLeft(result) ? result : E.right(known.result.encode(result.right))
  }

  const serve = async (line: string | undefined): Promise<void> => {
    const request = LocalRequest.decode(parseJson(line))
    if (E.isLeft(request)) {
      await send({ id: 0, error: refusal(LOCAL_ERROR.malformedRequest, 'a line must be {"id","method","params"}') })
      return
    }
    const { id } = request.right
    try {
      const given = await answer(request.right)
      await send(E.isLeft(given) ? { id, error: given.left } : { id, result: given.right })
    } catch {
      await send({ id, error: refusal(LOCAL_ERROR.internalError, 'the request could not be answered') })
    }
  }

  const serveAfter = async (before: Promise<void>, line: string | undefined): Promise<void> => {
    await before
    if (!gone) await serve(line)
    waiting -= 1
  }

  const enqueue = (line: string | undefined): void => {
    if (waiting >= WAITING_REQUESTS_MAX) {
      void send({ id: 0, error: refusal(LOCAL_ERROR.tooManyRequests, 'too many requests wait') }).then(connection.close)
      end()
      return
    }
    waiting += 1
    queue = serveAfter(queue, line)
  }

  const end = (): void => {
    if (gone) return
    gone = true
    for (const run of goneListeners) run()
    void queue.then(session.ended)
  }

  return {
    receive: (chunk) => {
      if (gone) return
      const { lines: read, overflow } = lines.read(chunk)
      for (const line of read) enqueue(line)
      if (!overflow) return
      void send({ id: 0, error: refusal(LOCAL_ERROR.lineTooLong, 'the line is too long') }).then(connection.close)
      end()
    },
    ended: end,
  }
}
