import { link, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { ByteConnection, ByteServer } from '@hsmlab/ports'
import { serveUnixSocket } from '../../src/local/index.ts'

const newFolder = async (t: ExecutionContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-socket-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Serves at `path` until the test ends. */
const serve = async (t: ExecutionContext, path: string, server: ByteServer): Promise<void> => {
  const listening = await serveUnixSocket(path, server)()
  if (E.isLeft(listening)) return t.fail(listening.left._tag)
  t.teardown(listening.right.close)
}

const dial = (t: ExecutionContext, path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path)
    t.teardown(() => socket.destroy())
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
  })

const nextChunk = (socket: Socket): Promise<Buffer> => new Promise((resolve) => socket.once('data', resolve))
const ended = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

const echo: ByteServer = (connection) => ({ receive: (chunk) => connection.send(chunk), closed: () => undefined })
const mute: ByteServer = () => ({ receive: () => undefined, closed: () => undefined })

/** Lets everything that is under way in this process arrive: bytes go round another socket, many times. */
const settle = async (t: ExecutionContext): Promise<void> => {
  const path = join(await newFolder(t), 'fence.sock')
  await serve(t, path, echo)
  const socket = await dial(t, path)
  for (let i = 0; i < 50; i++) {
    socket.write('fence')
    await nextChunk(socket)
  }
}

test('bytes go in and come out', async (t) => {
  const path = join(await newFolder(t), 'a', 'echo.sock')
  await serve(t, path, echo)
  const socket = await dial(t, path)
  socket.write('ping')
  t.is((await nextChunk(socket)).toString(), 'ping')
})

test('socket and folder are for their owner only', async (t) => {
  const path = join(await newFolder(t), 'private', 'echo.sock')
  await serve(t, path, echo)
  t.is((await stat(path)).mode & 0o777, 0o600)
  t.is((await stat(join(path, '..'))).mode & 0o777, 0o700)
})

test('a chunk is a plain array, whose slices are copies', async (t) => {
  const path = join(await newFolder(t), 'echo.sock')
  let take: (chunk: Uint8Array) => void = () => undefined
  const chunk = new Promise<Uint8Array>((resolve) => {
    take = resolve
  })
  await serve(t, path, () => ({ receive: take, closed: () => undefined }))
  const socket = await dial(t, path)
  socket.write('ping')
  t.is(Object.getPrototypeOf(await chunk), Uint8Array.prototype)
})

test('a socket that a dead owner left behind is replaced', async (t) => {
  const path = join(await newFolder(t), 'stale.sock')
  const dead = createServer()
  await new Promise<void>((resolve) => void dead.listen(path, resolve))
  // Closing would remove the file, as dying does not.
  const left = `${path}.left`
  await link(path, left)
  await new Promise<void>((resolve) => void dead.close(() => resolve()))
  await serve(t, left, echo)
  await t.notThrowsAsync(dial(t, left))
})

test('a socket that somebody answers on is in use', async (t) => {
  const path = join(await newFolder(t), 'echo.sock')
  await serve(t, path, echo)
  t.deepEqual(await serveUnixSocket(path, mute)(), E.left({ _tag: 'SocketInUse' }))
})

test('a file that is no socket is left alone', async (t) => {
  const path = join(await newFolder(t), 'precious.txt')
  await writeFile(path, 'precious')
  const listening = await serveUnixSocket(path, mute)()
  t.true(E.isLeft(listening))
  t.is((await stat(path)).size, 8)
})

test('what is sent in one turn leaves together', async (t) => {
  const path = join(await newFolder(t), 'echo.sock')
  await serve(t, path, (connection) => ({
    receive: () => {
      for (const part of ['one', 'two', 'three']) connection.send(Buffer.from(part))
    },
    closed: () => undefined,
  }))
  const socket = await dial(t, path)
  socket.write('go')
  t.is((await nextChunk(socket)).toString(), 'onetwothree')
})

test('closing sends what is queued first', async (t) => {
  const path = join(await newFolder(t), 'echo.sock')
  await serve(t, path, (connection) => ({
    receive: () => {
      connection.send(Buffer.from('bye'))
      connection.close()
    },
    closed: () => undefined,
  }))
  const socket = await dial(t, path)
  socket.write('go')
  t.is((await nextChunk(socket)).toString(), 'bye')
  await t.notThrowsAsync(ended(socket))
})

test('a peer that vanishes while it is written to ends its own connection only', async (t) => {
  const path = join(await newFolder(t), 'echo.sock')
  let leave = (): void => undefined
  const gone = new Promise<void>((resolve) => {
    leave = resolve
  })
  await serve(t, path, (connection) => ({
    receive: () => {
      for (let i = 0; i < 100; i++) connection.send(new Uint8Array(100_000))
    },
    closed: () => leave(),
  }))
  const socket = await dial(t, path)
  socket.write('go', () => socket.destroy())
  await t.notThrowsAsync(gone)
  const other = await dial(t, path)
  other.write('go')
  t.true((await nextChunk(other)).length > 0)
})

test('a peer that does not read is not read from either', async (t) => {
  const path = join(await newFolder(t), 'echo.sock')
  const CHUNK = 256 * 1024
  const TOTAL = 64 * CHUNK
  let received = 0
  await serve(t, path, (connection) => ({
    receive: (chunk) => {
      received += chunk.length
      connection.send(chunk)
    },
    closed: () => undefined,
  }))
  const socket = await dial(t, path)
  socket.pause()
  for (let sent = 0; sent < TOTAL; sent += CHUNK) socket.write(new Uint8Array(CHUNK))
  // It stops by itself: nothing moves any more although most of it is not read.
  let before = -1
  while (before !== received) {
    before = received
    await settle(t)
  }
  t.true(received < TOTAL / 2)
  let echoed = 0
  const all = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      echoed += chunk.length
      if (echoed === TOTAL) resolve()
    })
  })
  socket.resume()
  await t.notThrowsAsync(all)
  t.is(received, TOTAL)
})

test('a paused connection receives nothing until it is resumed', async (t) => {
  const path = join(await newFolder(t), 'echo.sock')
  let connection: ByteConnection | undefined
  const chunks: string[] = []
  let arrived = (): void => undefined
  await serve(t, path, (peer) => {
    connection = peer
    return {
      receive: (chunk) => {
        chunks.push(Buffer.from(chunk).toString())
        if (chunks.length === 1) peer.pause()
        arrived()
      },
      closed: () => undefined,
    }
  })
  const socket = await dial(t, path)
  const first = new Promise<void>((resolve) => {
    arrived = resolve
  })
  socket.write('one')
  await first
  socket.write('two')
  await settle(t)
  t.deepEqual(chunks, ['one'])
  const second = new Promise<void>((resolve) => {
    arrived = resolve
  })
  connection?.resume()
  await second
  t.deepEqual(chunks, ['one', 'two'])
})
