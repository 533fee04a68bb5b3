import type { Feed, Subject } from '@hsmlab/ports'
import * as E from 'fp-ts/lib/Either.js'
import type { Connection } from '../connection.ts'
import { defaultMonitors, proveDurability, type Server } from '../prove-durability.ts'
import { type NatsBusOptions, replicasFor } from '../options.ts'
import type { NatsStartFailure } from '../start-failure.ts'
import { ensureStream, type FeedConfig } from './feed-stream.ts'
import { followRuns } from './follow.ts'
import { type Publishing, runPublisher, type RunPublisher } from './publish.ts'

/** A cluster that has just started answers after some seconds; one that runs answers now or is in trouble. */
const START_ATTEMPTS_MAX = 40
const RUNNING_ATTEMPTS_MAX = 2
/** The first call to a young cluster is never answered: no use in waiting the client's five seconds. */
const API_MILLIS = 2000

const serverOf = ({ nats }: Connection): Server => ({ id: nats.info?.server_id ?? '', address: nats.getServer() })

const configOf = (options: NatsBusOptions, namespace: string): FeedConfig => ({
  stream: `${namespace}-feed`,
  prefix: `${namespace}-feed`,
  replicas: replicasFor(options.servers),
  bytesMax: options.feedBytesMax,
})

/** Published logs in one JetStream stream, once the server has proven that it keeps what it acknowledges. */
export const openFeed = async (
  connection: Connection,
  options: NatsBusOptions,
  namespace: string,
): Promise<E.Either<NatsStartFailure, Feed>> => {
  const { logger } = options
  const monitors = options.monitors ?? defaultMonitors(options.servers)
  const config = configOf(options, namespace)
  const manager = await connection.nats.jetstreamManager({ checkAPI: false, timeout: API_MILLIS })
  const client = connection.nats.jetstream()
  let readyAt = ''

  const makeReady = async (attempts: number): Promise<E.Either<NatsStartFailure, void>> => {
    const server = serverOf(connection)
    const proven = await proveDurability(server, monitors)
    if (E.isLeft(proven)) return proven
    const stream = await ensureStream(manager, config, attempts)
    if (E.isLeft(stream)) return stream
    readyAt = server.id
    return E.right(undefined)
  }
  const started = await makeReady(START_ATTEMPTS_MAX)
  if (E.isLeft(started)) return started

  const shared = { connection, client, manager, stream: config.stream }
  const publishing: Publishing = {
    ...shared,
    // A server that has restarted may have another configuration, and has another id.
    ready: () =>
      readyAt === serverOf(connection).id ? Promise.resolve(E.right(undefined)) : makeReady(RUNNING_ATTEMPTS_MAX),
    doubt: () => {
      readyAt = ''
    },
  }
  const publishers = new Map<Subject, RunPublisher>()
  const publisherOf = (log: Subject): RunPublisher => {
    const publisher = publishers.get(log) ?? runPublisher(publishing, `${config.prefix}.${log}`)
    publishers.set(log, publisher)
    return publisher
  }
  return E.right({
    publish: (log, entry) => () => publisherOf(log)(entry),
    follow: (log, from, receive) => followRuns({ ...shared, logger }, `${config.prefix}.${log}`, from, receive),
  })
}

/** The feed of a bus that was opened without one. */
export const noFeed: Feed = {
  publish: () => () =>
    Promise.resolve(E.left({ _tag: 'FeedUnavailable', cause: 'this bus was opened without a feed' })),
  follow: () => () => undefined,
}
