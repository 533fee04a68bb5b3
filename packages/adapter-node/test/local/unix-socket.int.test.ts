import { linkSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { localClient, type LocalHandlers, serveLocal } from '@hsmlab/protocol/local'
import { connectToUnixSocket, listenOnUnixSocket, type Listening } from '../../src/local/index.ts'

const METHODS = {
  echo: { params: t.strict({ text: t.string }), result: t.strict({ text: t.string }) },
  flood: { params: t.strict({ count: t.number }), event: t.strict({ text: t.string }), result: t.strict({}) },
  watch: { params: t.strict({}), result: t.strict({}) },
} as const

const folder = (context: ExecutionContext): string => {
  const made = mkdtempSync(join(tmpdir(), 'hsmlab-socket-'))
  context.teardown(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const handlers: LocalHandlers<typeof METHODS> = {
  echo: async (params) => E.right(params),
  flood: async ({ count }, { emit }) => {
    for (let sent = 0; sent < count; sent += 1) await emit({ text: 'x'.repeat(10_000) })
    return E.right({})
  },
  watch: (_, { onGone }) => new Promise((resolve) => onGone(() => resolve(E.right({})))),
}

const served = async (context: ExecutionContext, path: string, ended: () => void = () => {}): Promise<Listening> => {
  const listening = await listenOnUnixSocket(path, (connection) =>
    serveLocal(METHODS, { handlers, ended }, connection),
  )()
  if (E.isLeft(listening)) return context.fail(listening.left._tag)
  context.teardown(listening.right.close)
  return listening.right
}

const clientAt = async (context: ExecutionContext, path: string) => {
  const client = await connectToUnixSocket(path, (connection) => localClient(METHODS, connection))()
  if (E.isLeft(client)) return context.fail(client.left._tag)
  context.teardown(client.right.close)
  return client.right
}

test('a client asks a server on a socket of this user only', async (context) => {
  const path = join(folder(context), 's.sock')
  await served(context, path)
  context.is(statSync(path).mode & 0o777, 0o600)
  const client = await clientAt(context, path)
  context.deepEqual(await client.call('echo', { text: 'ä€😀' }), E.right({ text: 'ä€😀' }))
})

test('many events pass a socket that is slower than its sender', async (context) => {
  const path = join(folder(context), 's.sock')
  await served(context, path)
  const client = await clientAt(context, path)
  let bytes = 0
  context.deepEqual(await client.call('flood', { count: 500 }, ({ text }) => (bytes += text.length)), E.right({}))
  context.is(bytes, 5_000_000)
})

test('the end of a client ends its session', async (context) => {
  const path = join(folder(context), 's.sock')
  let ended = (): void => {}
  const end = new Promise<void>((resolve) => (ended = resolve))
  await served(context, path, ended)
  const client = await clientAt(context, path)
  void client.call('watch', {})
  client.close()
  await end
  context.pass()
})

test('the end of a server ends what its clients ask', async (context) => {
  const path = join(folder(context), 's.sock')
  const server = await served(context, path)
  const client = await clientAt(context, path)
  await client.call('echo', { text: '' })
  const watching = client.call('watch', {})
  await server.close()
  context.like(await watching, { left: { code: 'ConnectionClosed' } })
})

/** A socket file whose owner is gone, as kill -9 leaves it: closing would remove the file it was opened as. */
const leaveSocket = (path: string): Promise<void> =>
  new Promise((resolve) => {
    const owner = createServer().listen(`${path}.owner`, () => {
      linkSync(`${path}.owner`, path)
      owner.close(() => resolve())
    })
  })

test('a socket in use is refused, one left behind is taken over', async (context) => {
  const path = join(folder(context), 's.sock')
  await leaveSocket(path)
  await served(context, path)
  context.deepEqual(
    await listenOnUnixSocket(path, () => ({ receive: () => {}, ended: () => {} }))(),
    E.left({ _tag: 'SocketInUse' }),
  )
})

test('nobody listens at a path without a socket', async (context) => {
  const none = connectToUnixSocket(join(folder(context), 'none.sock'), (connection) => localClient(METHODS, connection))
  context.deepEqual(await none(), E.left({ _tag: 'NobodyListens' }))
})

test('garbage on one connection harms no other', async (context) => {
  const path = join(folder(context), 's.sock')
  await served(context, path)
  const client = await clientAt(context, path)
  const garbage = connect(path)
  garbage.write(Buffer.alloc((1 << 20) + 1, 0x41))
  await new Promise((resolve) => garbage.once('close', resolve).resume())
  context.deepEqual(await client.call('echo', { text: 'still here' }), E.right({ text: 'still here' }))
})
