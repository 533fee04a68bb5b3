import { inspect } from 'node:util'
import type { ExecutionContext } from 'ava'
import type { Bus } from '@hsmlab/ports'
import { memoryLogger } from '@hsmlab/ports/memory'
import * as E from 'fp-ts/lib/Either.js'
import { describeStartFailure, natsBus, type NatsBus, type NatsBusOptions } from '../../src/index.ts'
import { findNatsServer, type NatsServer, type NatsServerOptions, startNatsServer } from '../../src/testing/index.ts'

export const binary = findNatsServer()
if (binary === undefined) {
  const missing =
    'no nats-server of 2.10.23 or newer: run scripts/install-test-tools as root, or set HSMLAB_NATS_SERVER'
  if (process.env['CI'] === 'true') throw new Error(missing)
  console.error(`left out: tests on a real NATS server (${missing})`)
}

/** Starts a server for one test. */
export const serverFor = async (
  t: ExecutionContext,
  options: Omit<NatsServerOptions, 'binary'> = {},
): Promise<NatsServer> => {
  const server = await startNatsServer({ binary: binary ?? 'nats-server', ...options })
  t.teardown(server.stop)
  return server
}

export const optionsFor = (server: NatsServer): NatsBusOptions => ({
  servers: [server.url],
  monitors: [server.monitor],
  name: 'test',
  logger: memoryLogger(),
  connectWithinMillis: 2000,
})

export const openBus = async (server: NatsServer, options: Partial<NatsBusOptions> = {}): Promise<NatsBus> => {
  const opened = await natsBus({ ...optionsFor(server), ...options })()
  if (E.isLeft(opened)) throw new Error(`the bus did not start: ${describeStartFailure(opened.left)}`)
  return opened.right
}

export const busFor = async (
  t: ExecutionContext,
  server: NatsServer,
  options: Partial<NatsBusOptions> = {},
): Promise<NatsBus> => {
  const bus = await openBus(server, options)
  t.teardown(bus.close)
  return bus
}

export const tagOf = <F extends { readonly _tag: string }>(result: E.Either<F, unknown>): string =>
  E.isLeft(result) ? result.left._tag : 'right'

/** Publishes, and says what came of it: `right`, or the failure with its cause. */
export const publish = async (bus: Bus, ...args: Parameters<Bus['publish']>): Promise<string> => {
  const result = await bus.publish(...args)()
  return E.isRight(result) ? 'right' : `${result.left._tag}: ${inspect(result.left.cause)}`
}

/** Follows a log until the run that ends at `last`, and lists the ends of what was delivered. */
export const followUntil = (
  bus: Bus,
  log: Parameters<Bus['follow']>[0],
  from: number,
  last: number,
): Promise<ReadonlyArray<number>> =>
  new Promise((resolve) => {
    const got: number[] = []
    const stop = bus.follow(log, from, ({ to }) => {
      got.push(to)
      if (to === last) {
        stop()
        resolve(got)
      }
      return Promise.resolve()
    })
  })
