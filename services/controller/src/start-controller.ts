import * as E from 'fp-ts/lib/Either.js'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { describeStartFailure, natsBus } from '@hsmlab/adapter-nats'
import {
  nodeCertificateVerifier,
  opensslEngine,
  pinoLogger,
  serveHttp,
  systemClock,
  systemRandom,
} from '@hsmlab/adapter-node'
import { instancePaths, keepCustomerCas, listenOnUnixSocket, readServiceKeys } from '@hsmlab/adapter-node/local'
import { readServiceSettings, type RunningService } from '@hsmlab/adapter-node/service'
import {
  controllerHandlers,
  DEFAULT_CONTROLLER_SETTINGS,
  localController,
  openController,
  REAL_TIME_CONTROLLER_SETTINGS,
} from '@hsmlab/application'
import { awsApi, BODY_SIZE_MAX } from '@hsmlab/aws-api'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { CONTROLLER_METHODS, ControllerKeys, serveLocal } from '@hsmlab/protocol/local'

type Environment = Readonly<Record<string, string | undefined>>
const HOST = '127.0.0.1'

/** The control plane over NATS, and the AWS endpoint on `HSMLAB_PORT` of 127.0.0.1 (0: any port). */
export const startController = async (environment: Environment): Promise<E.Either<string, RunningService>> => {
  const settings = readServiceSettings(environment)
  if (E.isLeft(settings)) return E.left(`${settings.left.name} is not set`)
  const { dataDirectory, natsMonitors, natsServers, socket, isNew } = settings.right
  const logger = pinoLogger({ level: settings.right.logLevel }).with({ service: 'controller' })
  const paths = instancePaths(dataDirectory)
  const keys = await readServiceKeys(paths.controllerKeys, ControllerKeys)
  if (E.isLeft(keys)) return E.left(`${keys.left.path} is missing or damaged`)
  const bus = await natsBus({
    servers: natsServers,
    name: 'controller',
    logger,
    ...(natsMonitors === undefined ? {} : { monitors: natsMonitors }),
  })()
  if (E.isLeft(bus)) return E.left(describeStartFailure(bus.left))

  const engine = opensslEngine()
  const { signingKey, channelKey, racks, logMacKey } = keys.right
  const pair = (key: typeof signingKey) => ({
    privateKey: fromBase64(key.privateKey),
    publicKey: fromBase64(key.publicKey),
  })
  const controller = await openController(
    {
      bus: bus.right,
      clock: systemClock,
      random: systemRandom,
      logger,
      engine,
      certificates: nodeCertificateVerifier,
      disk: levelDisk(paths.controller),
      vault: levelDisk(paths.vault),
    },
    {
      signingKey: pair(signingKey),
      controllerKey: pair(channelKey),
      racks: new Map(racks.map(({ availabilityZone, publicKey }) => [availabilityZone, fromBase64(publicKey)])),
      logMacKey: fromBase64(logMacKey),
      create: isNew,
      settings:
        environment['HSMLAB_TIME_SCALE'] === 'real' ? REAL_TIME_CONTROLLER_SETTINGS : DEFAULT_CONTROLLER_SETTINGS,
    },
  )()
  if (E.isLeft(controller)) return E.left(`its log cannot be opened (${controller.left._tag})`)
  keepCustomerCas(controller.right, paths.root)

  const port = Number(environment['HSMLAB_PORT'] ?? '4580')
  const endpoint = await serveHttp(awsApi({ controller: controller.right, random: systemRandom, logger }), {
    host: HOST,
    port,
    bodySizeMax: BODY_SIZE_MAX,
  })()
  if (E.isLeft(endpoint)) return E.left(`port ${port} on ${HOST} cannot be listened on`)
  const handlers = controllerHandlers(localController(controller.right), engine, endpoint.right.url)
  const door = await listenOnUnixSocket(socket, (connection) =>
    serveLocal(CONTROLLER_METHODS, { handlers, ended: () => undefined }, connection),
  )()
  if (E.isLeft(door)) return E.left(`${socket}: ${door.left._tag}`)
  return E.right({
    stop: async () => {
      await door.right.close()
      await endpoint.right.close()
      await controller.right.close()
      await bus.right.close()
      await engine.close()
    },
  })
}
