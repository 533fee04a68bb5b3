import * as E from 'fp-ts/lib/Either.js'
import {
  type ClusterClient,
  type ClusterSettings,
  connectCluster,
  type DoorCluster,
  serveApplication,
} from '@hsmlab/client'
import { type CryptokiConnection, DEFAULT_SETTINGS, openCryptoki } from '@hsmlab/cryptoki'
import { ClusterIdCodec } from '@hsmlab/domain'
import type {
  ClientTool,
  HasBus,
  HasCertificateVerifier,
  HasClientFiles,
  HasClock,
  HasCryptoEngine,
  HasLogger,
  HasRandom,
} from '@hsmlab/ports'
import type { LocalConnection, LocalError, LocalPeer } from '@hsmlab/protocol/local'
import { configuredClients, type ConfiguredClient } from './configured-clusters.ts'
import { rememberClusters } from './known-clusters.ts'

export type ClientProxyEnv = HasBus &
  HasClock &
  HasRandom &
  HasLogger &
  HasCryptoEngine &
  HasCertificateVerifier &
  HasClientFiles

export type ClientProxyPart = Readonly<{
  /** Ed25519, raw: who signs memberships. */
  controllerKey: Uint8Array
}>

/** What CloudHSM's client library does, for all programs of this machine. */
export interface ClientProxy {
  /** PKCS#11 as one program sees it that connects now: configuration and clusters as they are. */
  readonly cryptoki: () => Promise<CryptokiConnection>
  /** Serves one `cloudhsm-cli`. */
  readonly serveCli: (connection: LocalConnection) => LocalPeer
  /** Connects to what is configured, so that the first program finds it connected. */
  readonly warmUp: () => Promise<ReadonlyArray<ClusterClient>>
  readonly close: () => Promise<void>
}

type Connected = Readonly<{ client: ClusterClient; keyAvailabilityCheck: boolean }>

const keyOf = ({ servers, hsmCaCertificate, retryMode, clusterId }: ClusterSettings): string =>
  JSON.stringify([servers, hsmCaCertificate, retryMode, clusterId])

/** How long a program that connects waits to learn whether a cluster is active. */
const ACTIVE_WAIT_MILLIS = 2000

export const startClientProxy = (env: ClientProxyEnv, part: ClientProxyPart): ClientProxy => {
  const clients = new Map<string, ClusterClient>()
  const active = new WeakSet<ClusterClient>()
  const library = openCryptoki(env)
  const authority = { ...part, knownClusters: rememberClusters(env, part.controllerKey) }

  const connected = ({ settings, keyAvailabilityCheck }: ConfiguredClient): Connected => {
    const key = keyOf(settings)
    const client = clients.get(key) ?? connectCluster(env, settings)
    clients.set(key, client)
    return { client, keyAvailabilityCheck }
  }

  const clientsOf = async (tool: ClientTool): Promise<E.Either<string, ReadonlyArray<Connected>>> => {
    const configured = await configuredClients(env, authority, tool)
    return E.isLeft(configured) ? configured : E.right(configured.right.map(connected))
  }

  /** A cluster is active once it has an admin; before, its only person is the one who activates it. */
  const askActive = async (client: ClusterClient): Promise<boolean> => {
    const application = client.openApplication('slot', { keyAvailabilityCheck: true })
    const users = await application.listUsers()
    await application.close()
    return E.isRight(users) && users.right.some(({ role }) => role === 'admin')
  }

  const isActive = async (client: ClusterClient): Promise<boolean> => {
    if (active.has(client)) return true
    const answer = await Promise.race([askActive(client), waited()])
    if (answer) active.add(client)
    return answer
  }

  const waited = (): Promise<boolean> =>
    new Promise((resolve) => void env.clock.after(ACTIVE_WAIT_MILLIS, () => resolve(false)))

  const activeOnly = async (connections: ReadonlyArray<Connected>): Promise<ReadonlyArray<Connected>> => {
    const answers = await Promise.all(connections.map(({ client }) => isActive(client)))
    return connections.filter((_, i) => answers[i] === true)
  }

  const cryptoki = async (): Promise<CryptokiConnection> => {
    const configured = await clientsOf('pkcs11')
    if (E.isLeft(configured)) env.logger.log('error', configured.left)
    const slots = E.isLeft(configured) ? [] : await activeOnly(configured.right)
    return library.openConnection({
      clients: slots.map(({ client }) => client),
      settings: {
        ...DEFAULT_SETTINGS,
        // pkcs11-tool and GnuTLS ask for public keys that are not private.
        acceptNotPrivate: true,
        keyAvailabilityCheck: slots.every(({ keyAvailabilityCheck }) => keyAvailabilityCheck),
      },
    })
  }

  const doorCluster = async ({ client, keyAvailabilityCheck }: Connected): Promise<ReadonlyArray<DoorCluster>> => {
    // A client that was given addresses only learns from them which cluster they belong to.
    if (client.clusterId() === undefined) {
      const application = client.openApplication('door', { keyAvailabilityCheck })
      await application.hsmInfo()
      await application.close()
    }
    const clusterId = ClusterIdCodec.decode(client.clusterId())
    return E.isLeft(clusterId) ? [] : [{ clusterId: clusterId.right, client, keyAvailabilityCheck }]
  }

  const doorClusters = async (): Promise<E.Either<LocalError, ReadonlyArray<DoorCluster>>> => {
    const configured = await clientsOf('cli')
    if (E.isLeft(configured)) return E.left({ code: 'ConfigurationMalformed', message: configured.left })
    return E.right((await Promise.all(configured.right.map(doorCluster))).flat())
  }

  return {
    cryptoki,
    serveCli: (connection) => serveApplication({ clusters: doorClusters }, connection),
    warmUp: async () => {
      const configured = await clientsOf('pkcs11')
      return E.isLeft(configured) ? [] : configured.right.map(({ client }) => client)
    },
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()))
      clients.clear()
    },
  }
}
