import { chmod, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { LocalConnection, LocalPeer } from '@hsmlab/protocol/local'

/** `SocketInUse`: somebody answers there. */
export type ListenFailure = Tagged<'SocketInUse'> | Tagged<'SocketUnavailable', { cause: unknown }>
/** `NobodyListens`: no such socket, or one that its owner left behind. */
export type ConnectFailure = Tagged<'NobodyListens'> | Tagged<'SocketUnavailable', { cause: unknown }>

/** A listening socket. `close` cuts its connections and removes its file. */
export type Listening = Readonly<{ close: () => Promise<void> }>

const codeOf = (cause: unknown): unknown =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined

/** Resolves when the socket has room again, or is gone. */
const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle)
      socket.off('close', settle)
      resolve()
    }
    socket.on('drain', settle)
    socket.on('close', settle)
  })

const connectionOf = (socket: Socket): LocalConnection => ({
  send: async (line) => {
    if (!socket.writable) return
    if (!socket.write(`${line}\n`)) await drained(socket)
  },
  close: () => void socket.end(),
})

const feed = (socket: Socket, peer: LocalPeer): void => {
  socket.on('data', (chunk: Buffer) => peer.receive(chunk))
  socket.on('error', () => socket.destroy()) // `close` follows, and is what the peer hears of.
  socket.on('end', () => peer.ended())
  socket.on('close', () => peer.ended())
}

const listening = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })

const somebodyAnswers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    const settle = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', settle(true))
    socket.once('error', settle(false))
  })

/**
 * Listens at `path`, for this user only; each connection is served by what `serve` makes for it. A socket file that a
 * dead owner left behind is replaced.
 */
export const listenOnUnixSocket =
  (path: string, serve: (connection: LocalConnection) => LocalPeer): TaskEither<ListenFailure, Listening> =>
  async () => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      feed(socket, serve(connectionOf(socket)))
    })
    try {
      if (await somebodyAnswers(path)) return E.left({ _tag: 'SocketInUse' })
      await unlink(path).catch(() => undefined)
      await listening(server, path)
      await chmod(path, 0o600)
    } catch (cause) {
      return E.left(codeOf(cause) === 'EADDRINUSE' ? { _tag: 'SocketInUse' } : { _tag: 'SocketUnavailable', cause })
    }
    server.on('error', () => undefined) // A connection that could not be accepted; the next one may be.
    return E.right({
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve())
          for (const socket of sockets) socket.destroy()
        }),
    })
  }

/** Connects to `path`; what comes is fed to the peer that `peerOf` makes. */
export const connectToUnixSocket =
  <Peer extends LocalPeer>(
    path: string,
    peerOf: (connection: LocalConnection) => Peer,
  ): TaskEither<ConnectFailure, Peer> =>
  () =>
    new Promise((resolve) => {
      const socket = connect(path)
      const fail = (cause: Error): void => {
        const code = codeOf(cause)
        const absent = code === 'ENOENT' || code === 'ECONNREFUSED'
        resolve(E.left(absent ? { _tag: 'NobodyListens' } : { _tag: 'SocketUnavailable', cause }))
      }
      socket.once('error', fail)
      socket.once('connect', () => {
        socket.off('error', fail)
        const peer = peerOf(connectionOf(socket))
        feed(socket, peer)
        resolve(E.right(peer))
      })
    })
