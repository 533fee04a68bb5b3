import { connect, type Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { LocalConnection, LocalPeer } from '@hsmlab/protocol/local'
import { codeOf, listenAt, type ListenFailure, type Listening } from './listen.ts'

/** `NobodyListens`: no such socket, or one that its owner left behind. */
export type ConnectFailure = Tagged<'NobodyListens'> | Tagged<'SocketUnavailable', { cause: unknown }>

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

/**
 * Listens at `path`, for this user only; each connection is served by what `serve` makes for it. A socket file that a
 * dead owner left behind is replaced.
 */
export const listenOnUnixSocket = (
  path: string,
  serve: (connection: LocalConnection) => LocalPeer,
): TaskEither<ListenFailure, Listening> => listenAt(path, (socket) => feed(socket, serve(connectionOf(socket))))

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
