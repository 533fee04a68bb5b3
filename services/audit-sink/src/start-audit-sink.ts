import * as E from 'fp-ts/lib/Either.js'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { describeStartFailure, natsBus } from '@hsmlab/adapter-nats'
import { opensslEngine, pinoLogger, systemClock, systemRandom } from '@hsmlab/adapter-node'
import { instancePaths, listenOnUnixSocket, readServiceKeys } from '@hsmlab/adapter-node/local'
import { readServiceSettings, type RunningService } from '@hsmlab/adapter-node/service'
import {
  auditHandlers,
  type AuditSinkOpenFailure,
  describeOpenFailure,
  localAudit,
  openAuditSink,
} from '@hsmlab/application'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { AUDIT_METHODS, AuditSinkKeys, serveLocal } from '@hsmlab/protocol/local'

type Environment = Readonly<Record<string, string | undefined>>
const PERIOD_MILLIS = 500

const complaint = (failure: AuditSinkOpenFailure): string =>
  failure._tag === 'AuditLogFailed'
    ? describeOpenFailure(failure.cause, 'the audit sink')
    : `its log cannot be read (${failure.cause._tag})`

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
  const sink = await openAuditSink(
    { bus: bus.right, clock: systemClock, disk: levelDisk(paths.audit), engine, logger, random: systemRandom },
    {
      logMacKey: fromBase64(keys.right.logMacKey),
      controllerKey: fromBase64(keys.right.controllerSigningKey),
      create: isNew,
      periodMillis: PERIOD_MILLIS,
    },
  )
  if (E.isLeft(sink)) return E.left(complaint(sink.left))
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
