import { chmod, lstat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'

/** `SocketInUse`: somebody answers there. */
export type ListenFailure = Tagged<'SocketInUse'> | Tagged<'SocketUnavailable', { cause: unknown }>

/** A listening socket. `close` cuts its connections and removes its file. */
export type Listening = Readonly<{ close: () => Promise<void> }>

export const codeOf = (cause: unknown): unknown =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined

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

/** Removes a socket file; any other file there is somebody's, and listening fails. */
const removeStale = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSocket() === true) await unlink(path)
}

/**
 * Listens at `path`, for this user only; `accept` serves each connection. A socket file that a dead owner left behind
 * is replaced.
 */
export const listenAt =
  (path: string, accept: (socket: Socket) => void): TaskEither<ListenFailure, Listening> =>
  async () => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      accept(socket)
    })
    try {
      if (await somebodyAnswers(path)) return E.left({ _tag: 'SocketInUse' })
      await removeStale(path)
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
