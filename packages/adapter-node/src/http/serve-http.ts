import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { HttpHandler, HttpRequest } from '@hsmlab/ports'

export type HttpUnavailable = Tagged<'HttpUnavailable', { host: string; port: number; cause: unknown }>

export type HttpOptions = Readonly<{
  host: string
  /** 0: any free port. */
  port: number
  /** Of a longer body the handler gets one byte more than this, which is how it knows. */
  bodySizeMax: number
}>

export type HttpServer = Readonly<{
  /** `http://127.0.0.1:4580`, without a slash at its end. */
  url: string
  port: number
  /** Answers what is under way, then frees the port. */
  close: () => Promise<void>
}>

/** A client that sends slowly holds a socket for at most this long. */
const REQUEST_MILLIS_MAX = 30_000
/** A connection that nobody uses is closed after this, so that `close` is quick. */
const KEEP_ALIVE_MILLIS = 5000

/**
 * At most `sizeMax + 1` bytes. What comes after them is let through unread, so that the client, which sends before it
 * listens, gets its answer.
 */
const readBody = (stream: Readable, sizeMax: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    stream.on('data', (chunk: Buffer) => {
      if (size <= sizeMax) chunks.push(chunk.subarray(0, sizeMax + 1 - size))
      size += chunk.length
      if (size > sizeMax) resolve(Buffer.concat(chunks))
    })
    stream.on('end', () => resolve(Buffer.concat(chunks)))
    stream.on('error', reject)
  })

const headersOf = ({ headers }: IncomingMessage): HttpRequest['headers'] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )

const answer = async (handler: HttpHandler, request: HttpRequest, outgoing: ServerResponse): Promise<void> => {
  const response = await handler(request)
  const bytes = Buffer.from(response.body)
  outgoing.writeHead(response.status, { ...response.headers, 'content-length': bytes.length })
  outgoing.end(bytes)
  if (!outgoing.closed) await once(outgoing, 'close')
}

type Answers = Set<Promise<void>>

const receive =
  (handler: HttpHandler, sizeMax: number, underWay: Answers) =>
  async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const [path = '/'] = (incoming.url ?? '/').split('?', 1)
    const body = await readBody(incoming, sizeMax)
    const request = { method: incoming.method ?? 'GET', path, headers: headersOf(incoming), body }
    const answering = answer(handler, request, outgoing)
    underWay.add(answering)
    await answering.finally(() => underWay.delete(answering))
  }

const listening = async (server: Server, { host, port }: HttpOptions): Promise<number> => {
  server.listen({ host, port })
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

const closed = async (server: Server, underWay: Answers): Promise<void> => {
  const free = once(server, 'close')
  server.close()
  await Promise.allSettled(underWay)
  // What is left are connections that asked nothing, or not yet all of it.
  server.closeAllConnections()
  await free
}

/** Serves `handler` on one address. */
export const serveHttp = (handler: HttpHandler, options: HttpOptions): TE.TaskEither<HttpUnavailable, HttpServer> =>
  TE.tryCatch(
    async () => {
      const times = { requestTimeout: REQUEST_MILLIS_MAX, keepAliveTimeout: KEEP_ALIVE_MILLIS }
      const underWay: Answers = new Set()
      const respond = receive(handler, options.bodySizeMax, underWay)
      const server = createServer(times, (incoming, outgoing) => {
        // A client that is gone before it has said all gets no answer.
        respond(incoming, outgoing).catch(() => outgoing.destroy())
      })
      const port = await listening(server, options)
      return { url: `http://${options.host}:${port}`, port, close: () => closed(server, underWay) }
    },
    (cause) => ({ _tag: 'HttpUnavailable', host: options.host, port: options.port, cause }),
  )
