import type { ByteConnection, ByteReceiver } from '@hsmlab/ports'
import { type MemoryLogger, memoryLogger } from '@hsmlab/ports/memory'
import type { CryptokiConnection } from '../../src/index.ts'
import type { Dialect, Generation } from '../../src/p11-kit/dialect.ts'
import { createP11KitClient, type P11KitClient, servePkcs11 } from '../../src/p11-kit/index.ts'

/** A server with one peer, and what it said. */
export type Wire = Readonly<{
  receiver: ByteReceiver
  sent: ReadonlyArray<Uint8Array>
  state: Readonly<{ closed: boolean; paused: boolean }>
  logger: MemoryLogger
}>

/** Serves a peer that is not there: what is sent is kept, and handed to `onSend`. */
export const serve = (open: () => CryptokiConnection, onSend: (bytes: Uint8Array) => void = () => undefined): Wire => {
  const sent: Uint8Array[] = []
  const state = { closed: false, paused: false }
  const logger = memoryLogger()
  const connection: ByteConnection = {
    send: (bytes) => {
      sent.push(bytes.slice())
      onSend(bytes.slice())
    },
    close: () => {
      state.closed = true
    },
    pause: () => {
      state.paused = true
    },
    resume: () => {
      state.paused = false
    },
  }
  return { receiver: servePkcs11(open, logger)(connection), sent, state, logger }
}

/** A client library of this generation, connected: each side's bytes reach the other as they are sent. */
export const connect = (
  open: () => CryptokiConnection,
  generation: Generation,
  dialect?: Dialect,
): Readonly<{ client: P11KitClient; wire: Wire }> => {
  const toServer: Uint8Array[] = []
  const client = createP11KitClient((bytes) => void toServer.push(bytes.slice()), generation, dialect)
  const wire = serve(open, (bytes) => client.receive(bytes))
  const pump = (): void => {
    for (let next = toServer.shift(); next !== undefined; next = toServer.shift()) wire.receiver.receive(next)
  }
  pump()
  const call: P11KitClient['call'] = (name, values) => {
    const answer = client.call(name, values)
    pump()
    return answer
  }
  const initialize = (): ReturnType<P11KitClient['initialize']> => {
    const answer = client.initialize()
    pump()
    return answer
  }
  return { client: { ...client, call, initialize }, wire }
}
