import { connect } from 'node:net'
import { once } from 'node:events'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { HttpHandler, HttpRequest } from '@hsmlab/ports'
import { type HttpServer, serveHttp } from '../../src/index.ts'

const LIMIT = 1000

const served = async (handler: HttpHandler): Promise<HttpServer> => {
  const server = await serveHttp(handler, { host: '127.0.0.1', port: 0, bodySizeMax: LIMIT })()
  if (E.isLeft(server)) throw new Error('the port is not free')
  return server.right
}

/** Answers, and keeps what it was asked. */
const recorder = () => {
  const seen: HttpRequest[] = []
  const handler: HttpHandler = async (request) => {
    seen.push(request)
    return {
      status: 418,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'id' },
      body: '{}',
    }
  }
  return { seen, handler }
}

test('a request reaches the handler as it was sent, and its answer the client', async (t) => {
  const { seen, handler } = recorder()
  const server = await served(handler)
  const response = await fetch(`${server.url}/?x=1`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'T.O' },
    body: '{"a":"é"}',
  })
  t.is(response.status, 418)
  t.is(response.headers.get('x-amzn-requestid'), 'id')
  t.is(response.headers.get('content-type'), 'application/x-amz-json-1.1')
  t.is(await response.text(), '{}')
  t.like(seen[0], { method: 'POST', path: '/', headers: { 'x-amz-target': 'T.O' } })
  t.is(Buffer.from(seen[0]?.body ?? []).toString(), '{"a":"é"}')
  await server.close()
})

test("every method, path and content type is the handler's to judge", async (t) => {
  const { seen, handler } = recorder()
  const server = await served(handler)
  await fetch(server.url)
  await fetch(`${server.url}/else/where`, { method: 'PUT', body: 'text' })
  await fetch(server.url, { method: 'POST', headers: { 'Content-Type': 'no type at all' }, body: '{' })
  await fetch(server.url, { method: 'DELETE' })
  t.deepEqual(
    seen.map(({ method, path }) => `${method} ${path}`),
    ['GET /', 'PUT /else/where', 'POST /', 'DELETE /'],
  )
  await server.close()
})

test('of a body that is too long, the handler sees that it is', async (t) => {
  const { seen, handler } = recorder()
  const server = await served(handler)
  const response = await fetch(server.url, { method: 'POST', body: 'x'.repeat(5_000_000) })
  t.is(response.status, 418)
  t.is(seen[0]?.body.length, LIMIT + 1)
  await server.close()
})

test('bytes that are no HTTP harm nobody else', async (t) => {
  const { handler } = recorder()
  const server = await served(handler)
  const socket = connect(server.port, '127.0.0.1')
  socket.end(Buffer.from([0, 1, 2, 255, 10, 10, 10]))
  socket.resume()
  await once(socket, 'close')
  t.is((await fetch(server.url)).status, 418)
  await server.close()
})

test('closing answers what is under way, and waits for nobody who asks nothing', async (t) => {
  const { handler } = recorder()
  let ask = (): void => undefined
  const isAsked = new Promise<void>((resolve) => {
    ask = resolve
  })
  let go = (): void => undefined
  const mayGo = new Promise<void>((resolve) => {
    go = resolve
  })
  const server = await served(async (request) => {
    ask()
    await mayGo
    return handler(request)
  })
  const silent = connect(server.port, '127.0.0.1')
  const halfSaid = connect(server.port, '127.0.0.1')
  halfSaid.write('POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc')
  silent.on('error', () => undefined).resume()
  halfSaid.on('error', () => undefined).resume()
  const response = fetch(server.url)
  await isAsked
  const closing = server.close()
  go()
  t.is((await response).status, 418)
  await closing
  t.pass()
})

test('a port that is taken is a failure', async (t) => {
  const { handler } = recorder()
  const server = await served(handler)
  const second = await serveHttp(handler, { host: '127.0.0.1', port: server.port, bodySizeMax: LIMIT })()
  t.is(E.isLeft(second) ? second.left._tag : 'served', 'HttpUnavailable')
  await server.close()
})
