import type { Readable } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
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

const headersOf = (request: FastifyRequest, contentType: string | undefined): HttpRequest['headers'] => ({
  ...Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  ),
  'content-type': contentType,
})

const build = (handler: HttpHandler, { bodySizeMax }: HttpOptions): FastifyInstance => {
  const server = fastify({
    logger: false,
    // The body is read, and bounded, here: an over-long one is the handler's to refuse in its own words.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    requestTimeout: REQUEST_MILLIS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MILLIS,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  })
  /** What the client said its body is; fastify would refuse what it cannot parse. */
  const contentTypes = new WeakMap<FastifyRequest, string | undefined>()
  server.addHook('onRequest', async (request) => {
    contentTypes.set(request, request.headers['content-type'])
    request.raw.headers['content-type'] = 'application/octet-stream'
  })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request: FastifyRequest, payload: Readable) => readBody(payload, bodySizeMax))

  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const [path = '/'] = request.url.split('?', 1)
    const headers = headersOf(request, contentTypes.get(request))
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
    const response = await handler({ method: request.method, path, headers, body })
    // Bytes, because fastify would add a charset to a text's content type.
    return reply.code(response.status).headers(response.headers).send(Buffer.from(response.body))
  }
  server.all('/*', answer)
  return server
}

/** Serves `handler` on one address. */
export const serveHttp = (handler: HttpHandler, options: HttpOptions): TE.TaskEither<HttpUnavailable, HttpServer> =>
  TE.tryCatch(
    async () => {
      const server = build(handler, options)
      const url = await server.listen({ host: options.host, port: options.port })
      const address = server.server.address()
      const port = typeof address === 'object' && address !== null ? address.port : options.port
      return { url, port, close: () => server.close() }
    },
    (cause) => ({ _tag: 'HttpUnavailable', host: options.host, port: options.port, cause }),
  )
