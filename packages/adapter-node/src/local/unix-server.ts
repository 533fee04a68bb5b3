import type { Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { ByteConnection, ByteServer } from '@hsmlab/ports'
import { listenAt, type ListenFailure, type Listening } from './listen.ts'
import { makeSocketFolder } from './socket-path.ts'

/** What a peer that reads nothing may leave unread before its own bytes wait. */
const UNSENT_BYTES_MAX = 1024 * 1024

const connectionOf = (socket: Socket): ByteConnection => {
  let corked = false
  let isPausedByReceiver = false
  let isPausedByPeer = false

  const settle = (): void => {
    if (isPausedByReceiver || isPausedByPeer) socket.pause()
    else socket.resume()
  }
  const uncork = (): void => {
    corked = false
    socket.uncork()
  }
  socket.on('drain', () => {
    isPausedByPeer = false
    settle()
  })

  return {
    send: (bytes) => {
      if (!socket.writable) return
      if (!corked) {
        corked = true
        socket.cork()
        process.nextTick(uncork)
      }
      socket.write(bytes)
      if (socket.writableLength <= UNSENT_BYTES_MAX || isPausedByPeer) return
      isPausedByPeer = true
      settle()
    },
    close: () => void socket.end(),
    pause: () => {
      isPausedByReceiver = true
      settle()
    },
    resume: () => {
      isPausedByReceiver = false
      settle()
    },
  }
}

/** A Buffer's `slice` is a view where a Uint8Array's is a copy: receivers get what they think they get. */
const plain = (chunk: Buffer): Uint8Array => new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)

const accept = (socket: Socket, serve: ByteServer): void => {
  const receiver = serve(connectionOf(socket))
  socket.on('data', (chunk: Buffer) => receiver.receive(plain(chunk)))
  socket.on('error', () => socket.destroy()) // EPIPE, ECONNRESET: `close` follows, and is what the receiver hears of.
  socket.on('close', () => receiver.closed())
}

/**
 * Serves the stream socket at `path`: a file of mode 0600 in a folder of mode 0700. A peer that does not read is not
 * read from either, once enough waits for it; a peer that vanishes ends its own connection and no other.
 */
export const serveUnixSocket =
  (path: string, serve: ByteServer): TaskEither<ListenFailure, Listening> =>
  async () => {
    try {
      await makeSocketFolder(path)
    } catch (cause) {
      return E.left({ _tag: 'SocketUnavailable', cause })
    }
    return listenAt(path, (socket) => accept(socket, serve))()
  }
