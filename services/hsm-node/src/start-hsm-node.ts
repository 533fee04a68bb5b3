import * as E from 'fp-ts/lib/Either.js'
import { levelStorage } from '@hsmlab/adapter-leveldb'
import { describeStartFailure, natsBus } from '@hsmlab/adapter-nats'
import {
  hardwareIssuer,
  nodeCertificateVerifier,
  openHardwareRoots,
  opensslEngine,
  pinoLogger,
  systemClock,
  systemRandom,
} from '@hsmlab/adapter-node'
import { instancePaths, listenOnUnixSocket, readServiceKeys } from '@hsmlab/adapter-node/local'
import { readServiceSettings, required, type RunningService } from '@hsmlab/adapter-node/service'
import { DEFAULT_HSM_SETTINGS, localRack, rackHandlers } from '@hsmlab/application'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { RACK_METHODS, RackKeys, serveLocal } from '@hsmlab/protocol/local'

type Environment = Readonly<Record<string, string | undefined>>

/** The HSMs of the zone that `HSMLAB_ZONE` names, over NATS. */
export const startHsmNode = async (environment: Environment): Promise<E.Either<string, RunningService>> => {
  const settings = readServiceSettings(environment)
  if (E.isLeft(settings)) return E.left(`${settings.left.name} is not set`)
  const zone = required(environment, 'HSMLAB_ZONE')
  if (E.isLeft(zone)) return E.left(`${zone.left.name} is not set`)
  const { dataDirectory, natsMonitors, natsServers, socket } = settings.right
  const logger = pinoLogger({ level: settings.right.logLevel }).with({ service: 'hsm-node', zone: zone.right })
  const paths = instancePaths(dataDirectory)
  const keys = await readServiceKeys(paths.rackKeys(zone.right), RackKeys)
  if (E.isLeft(keys)) return E.left(`${keys.left.path} is missing or damaged`)
  const roots = await openHardwareRoots(paths.hardware, systemClock.wallMicros())()
  if (E.isLeft(roots)) return E.left(`${roots.left.folder} cannot be used`)
  const bus = await natsBus({
    servers: natsServers,
    name: `hsm-node ${zone.right}`,
    logger,
    ...(natsMonitors === undefined ? {} : { monitors: natsMonitors }),
  })()
  if (E.isLeft(bus)) return E.left(describeStartFailure(bus.left))

  const { channelKey, controllerPublicKey, manufacturerKey, awsKey, availabilityZone } = keys.right
  const engine = opensslEngine()
  const rack = await localRack(
    {
      bus: bus.right,
      clock: systemClock,
      random: systemRandom,
      logger,
      engine,
      certificates: nodeCertificateVerifier,
      hardware: hardwareIssuer(roots.right),
      settings: DEFAULT_HSM_SETTINGS,
      backupAuthorities: { manufacturerKey: fromBase64(manufacturerKey), awsKey: fromBase64(awsKey) },
    },
    {
      availabilityZone,
      rackKey: { privateKey: fromBase64(channelKey.privateKey), publicKey: fromBase64(channelKey.publicKey) },
      controllerKey: fromBase64(controllerPublicKey),
      storage: levelStorage(paths.hsmsIn(availabilityZone)),
    },
  )
  const handlers = rackHandlers(rack, engine)
  const door = await listenOnUnixSocket(socket, (connection) =>
    serveLocal(RACK_METHODS, { handlers, ended: () => undefined }, connection),
  )()
  if (E.isLeft(door)) return E.left(`${socket}: ${door.left._tag}`)
  return E.right({
    stop: async () => {
      await door.right.close()
      await rack.stop()
      await bus.right.close()
      await engine.close()
    },
  })
}
