import * as E from 'fp-ts/lib/Either.js'
import { describeStartFailure, natsBus } from '@hsmlab/adapter-nats'
import { nodeCertificateVerifier, opensslEngine, pinoLogger, systemClock, systemRandom } from '@hsmlab/adapter-node'
import {
  clientFiles,
  instancePaths,
  listenOnUnixSocket,
  readServiceKeys,
  serveUnixSocket,
} from '@hsmlab/adapter-node/local'
import { readServiceSettings, required, type RunningService } from '@hsmlab/adapter-node/service'
import { pkcs11Door, startClientProxy } from '@hsmlab/application'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { ClientProxyKeys } from '@hsmlab/protocol/local'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The client proxy over NATS: `cloudhsm-cli` at `HSMLAB_SOCKET`, PKCS#11 programs at `HSMLAB_PKCS11_SOCKET`. It needs no
 * JetStream, and goes on over any server that answers.
 */
export const startClientProxyService = async (environment: Environment): Promise<E.Either<string, RunningService>> => {
  const settings = readServiceSettings(environment)
  if (E.isLeft(settings)) return E.left(`${settings.left.name} is not set`)
  const pkcs11Socket = required(environment, 'HSMLAB_PKCS11_SOCKET')
  if (E.isLeft(pkcs11Socket)) return E.left(`${pkcs11Socket.left.name} is not set`)
  const { dataDirectory, natsServers, socket } = settings.right
  const logger = pinoLogger({ level: settings.right.logLevel }).with({ service: 'client-proxy' })
  const paths = instancePaths(dataDirectory)
  const keys = await readServiceKeys(paths.clientProxyKeys, ClientProxyKeys)
  if (E.isLeft(keys)) return E.left(`${keys.left.path} is missing or damaged`)
  const bus = await natsBus({ servers: natsServers, name: 'client-proxy', logger, feed: false })()
  if (E.isLeft(bus)) return E.left(describeStartFailure(bus.left))
  const engine = opensslEngine()
  const proxy = startClientProxy(
    {
      bus: bus.right,
      clock: systemClock,
      random: systemRandom,
      logger,
      engine,
      certificates: nodeCertificateVerifier,
      clientFiles: clientFiles(paths.root),
    },
    { controllerKey: fromBase64(keys.right.controllerSigningKey) },
  )
  const pkcs11 = await serveUnixSocket(pkcs11Socket.right, pkcs11Door(proxy, logger))()
  if (E.isLeft(pkcs11)) return E.left(`${pkcs11Socket.right}: ${pkcs11.left._tag}`)
  const door = await listenOnUnixSocket(socket, proxy.serveCli)()
  if (E.isLeft(door)) return E.left(`${socket}: ${door.left._tag}`)
  await proxy.warmUp()
  return E.right({
    stop: async () => {
      await pkcs11.right.close()
      await door.right.close()
      await proxy.close()
      await bus.right.close()
      await engine.close()
    },
  })
}
