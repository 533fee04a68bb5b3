import type { Logger, Unsubscribe } from '@hsmlab/ports'
import * as E from 'fp-ts/lib/Either.js'
import {
  connect,
  type ConnectionOptions,
  ErrorCode,
  Events,
  type NatsConnection,
  NatsError,
  nkeyAuthenticator,
} from 'nats'
import { CONNECT_WITHIN_MILLIS, type NatsBusOptions } from './options.ts'
import type { NatsStartFailure } from './start-failure.ts'

/** One connection to one of the servers, and whether it stands at the moment. */
export type Connection = Readonly<{
  nats: NatsConnection
  /** What is published while this is false is lost without a word. */
  isUp: () => boolean
  /** Calls back each time the connection breaks. */
  onLost: (run: () => void) => Unsubscribe
  /** Resolves with true when the connection stands, with false after `millis` or when it is closed for good. */
  untilUp: (millis: number) => Promise<boolean>
  close: () => Promise<void>
}>

const RETRY_MILLIS = 250
const REFUSALS: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.BadAuthentication,
  ErrorCode.BadCreds,
  ErrorCode.ServerOptionNotAvailable,
  ErrorCode.Tls,
])

/**
 * The client's own defaults give up after ten attempts and notice a silent server after four minutes. These keep
 * trying, and notice within nine seconds.
 */
const clientOptions = (options: NatsBusOptions): ConnectionOptions => ({
  servers: [...options.servers],
  name: options.name,
  ignoreClusterUpdates: true,
  ignoreAuthErrorAbort: true,
  maxReconnectAttempts: -1,
  reconnectTimeWait: RETRY_MILLIS,
  reconnectJitter: RETRY_MILLIS,
  reconnectJitterTLS: RETRY_MILLIS,
  pingInterval: 3000,
  maxPingOut: 2,
  timeout: 3000,
  noAsyncTraces: true,
  ...(options.tls === undefined ? {} : { tls: { ...options.tls } }),
  ...(options.nkeySeed === undefined ? {} : { authenticator: nkeyAuthenticator(options.nkeySeed) }),
  ...(options.user === undefined ? {} : { user: options.user.name, pass: options.user.password }),
})

export const delay = (millis: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, millis))

const isRefusal = (cause: unknown): boolean => cause instanceof NatsError && REFUSALS.has(cause.code)

/** Tries until a server is there: services start in any order. */
const dial = async (options: NatsBusOptions): Promise<E.Either<NatsStartFailure, NatsConnection>> => {
  const deadline = performance.now() + (options.connectWithinMillis ?? CONNECT_WITHIN_MILLIS)
  const { servers } = options
  for (;;) {
    try {
      return E.right(await connect(clientOptions(options)))
    } catch (cause) {
      if (isRefusal(cause)) return E.left({ _tag: 'NatsRefused', servers, cause })
      if (performance.now() + RETRY_MILLIS > deadline) return E.left({ _tag: 'NatsUnreachable', servers, cause })
      await delay(RETRY_MILLIS)
    }
  }
}

const watched = (nats: NatsConnection, logger: Logger): Connection => {
  let up = true
  let closed = false
  const lostListeners = new Set<() => void>()
  const upListeners = new Set<() => void>()

  const callAll = (listeners: ReadonlySet<() => void>): void => {
    for (const run of listeners) run()
  }
  const lose = (): void => {
    up = false
    callAll(lostListeners)
  }

  const watch = async (): Promise<void> => {
    for await (const { type, data } of nats.status()) {
      const what = typeof data === 'string' ? data : type
      if (type === Events.Disconnect) {
        if (up) logger.log('warn', 'NATS connection lost', { server: what })
        lose()
      }
      if (type === Events.Reconnect) {
        up = true
        logger.log('info', 'NATS connection is back', { server: what })
        callAll(upListeners)
      }
      if (type === Events.Error) logger.log('warn', 'NATS server reports an error', { error: what })
    }
  }
  const untilClosed = async (): Promise<void> => {
    await Promise.all([watch(), nats.closed()])
    closed = true
    lose()
    callAll(upListeners)
  }
  void untilClosed()

  return {
    nats,
    isUp: () => up && !nats.isClosed(),
    onLost: (run) => {
      lostListeners.add(run)
      return () => void lostListeners.delete(run)
    },
    untilUp: (millis) =>
      new Promise((resolve) => {
        if (up || closed) return resolve(up && !closed)
        const done = (): void => {
          clearTimeout(timer)
          upListeners.delete(done)
          resolve(up && !closed)
        }
        const timer = setTimeout(done, millis)
        upListeners.add(done)
      }),
    close: async () => {
      if (nats.isClosed()) return
      // Draining sends what is still buffered, but it waits for a server that may be away.
      await Promise.race([up ? nats.drain() : nats.close(), delay(1000)])
      if (!nats.isClosed()) await nats.close()
    },
  }
}

/** Connects, and from then on reconnects for ever. */
export const openConnection = async (options: NatsBusOptions): Promise<E.Either<NatsStartFailure, Connection>> => {
  const nats = await dial(options)
  return E.isLeft(nats) ? nats : E.right(watched(nats.right, options.logger))
}
