import * as E from 'fp-ts/lib/Either.js'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { describeStartFailure, natsBus } from '@hsmlab/adapter-nats'
import { opensslEngine, pinoLogger, systemClock, systemRandom } from '@hsmlab/adapter-node'
import { instancePaths, listenOnUnixSocket, readServiceKeys } from '@hsmlab/adapter-node/local'
import { readServiceSettings, type RunningService } from '@hsmlab/adapter-node/service'
import {
  AUDIT_LOG_IDENTITY,
  auditHandlers,
  describeOpenFailure,
  localAudit,
  openEventStore,
  startAuditSink,
} from '@hsmlab/application'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { AUDIT_METHODS, AuditSinkKeys, serveLocal } from '@hsmlab/protocol/local'

type Environment = Readonly<Record<string, string | undefined>>
const PERIOD_MILLIS = 500

/** The audit sink over NATS. */
export const startAuditSinkService = async (environment: Environment): Promise<E.Either<string, RunningService>> => {
  const settings = readServiceSettings(environment)
  if (E.isLeft(settings)) return E.left(`${settings.left.name} is not set`)
  const { dataDirectory, natsMonitors, natsServers, socket, isNew } = settings.right
  const logger = pinoLogger({ level: settings.right.logLevel }).with({ service: 'audit-sink' })
  const paths = instancePaths(dataDirectory)
  const keys = await readServiceKeys(paths.auditSinkKeys, AuditSinkKeys)
  if (E.isLeft(keys)) return E.left(`${keys.left.path} is missing or damaged`)
  const bus = await natsBus({
    servers: natsServers,
    name: 'audit-sink',
    logger,
    ...(natsMonitors === undefined ? {} : { monitors: natsMonitors }),
  })()
  if (E.isLeft(bus)) return E.left(describeStartFailure(bus.left))
  const engine = opensslEngine()
  const store = await openEventStore(
    { disk: levelDisk(paths.audit), primitives: engine },
    { create: isNew, macKey: fromBase64(keys.right.logMacKey), identity: AUDIT_LOG_IDENTITY },
  )()
  if (E.isLeft(store)) return E.left(describeOpenFailure(store.left, 'the audit sink'))
  const sink = await startAuditSink(
    { bus: bus.right, clock: systemClock, engine, logger, random: systemRandom },
    {
      store: store.right,
      controllerKey: fromBase64(keys.right.controllerSigningKey),
      periodMillis: PERIOD_MILLIS,
    },
  )
  if (E.isLeft(sink)) return E.left(`its log cannot be read (${sink.left._tag})`)
  const handlers = auditHandlers(localAudit(sink.right))
  const door = await listenOnUnixSocket(socket, (connection) =>
    serveLocal(AUDIT_METHODS, { handlers, ended: () => undefined }, connection),
  )()
  if (E.isLeft(door)) return E.left(`${socket}: ${door.left._tag}`)
  return E.right({
    stop: async () => {
      await door.right.close()
      await sink.right.close()
      await bus.right.close()
      await engine.close()
    },
  })
}
