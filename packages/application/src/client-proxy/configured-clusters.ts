import * as E from 'fp-ts/lib/Either.js'
import { clientSettings, type ClusterSettings, type ConfiguredCluster, readClientConfiguration } from '@hsmlab/client'
import { type Base64, fromBase64, parseJson, parseJsonBytes, utf8Bytes } from '@hsmlab/event-sourcing'
import {
  type ClientTool,
  type HasBus,
  type HasClientFiles,
  type HasCryptoEngine,
  type HasLogger,
  subject,
} from '@hsmlab/ports'
import { ClusterMemberships, Membership, subjects } from '@hsmlab/protocol'

/** One cluster as a client tool is configured for it. */
export type ConfiguredClient = Readonly<{ settings: ClusterSettings; keyAvailabilityCheck: boolean }>

/** What is wrong with a configuration, for whoever wrote it. */
export type ConfigurationProblem = string

const REQUEST_MILLIS = 1000

type Needs = HasBus & HasCryptoEngine & HasLogger & HasClientFiles

/** The clusters that the controller vouches for. */
const knownClusters = async ({ bus, engine }: Needs, controllerKey: Uint8Array): Promise<ReadonlyArray<string>> => {
  const reply = await bus.request(subject(subjects.memberships), new Uint8Array(0), REQUEST_MILLIS)()
  const memberships = ClusterMemberships.decode(E.isRight(reply) ? parseJsonBytes(reply.right) : undefined)
  if (E.isLeft(memberships)) return []
  const isSigned = (document: string, signature: Base64): boolean =>
    engine.ed25519.verify(controllerKey, utf8Bytes(document), fromBase64(signature))
  return memberships.right.memberships.flatMap(({ document, signature }) => {
    const membership = Membership.decode(parseJson(document))
    return E.isRight(membership) && isSigned(document, signature) ? [membership.right.clusterId] : []
  })
}

const DEFAULTS = { keyAvailabilityCheck: true, retryMode: 'standard' } as const

/** A single cluster is configured by itself; among several a client must choose. */
const unconfigured = async (
  env: Needs,
  controllerKey: Uint8Array,
  options: Readonly<{ keyAvailabilityCheck: boolean; retryMode: 'standard' | 'off' }>,
): Promise<ReadonlyArray<ConfiguredClient>> => {
  const [clusterId, ...others] = await knownClusters(env, controllerKey)
  if (clusterId === undefined || others.length > 0) return []
  const hsmCaCertificate = await env.clientFiles.customerCa(clusterId)
  if (hsmCaCertificate === undefined) return []
  const { keyAvailabilityCheck, retryMode } = options
  return [{ settings: { servers: [], hsmCaCertificate, retryMode, controllerKey, clusterId }, keyAvailabilityCheck }]
}

/** The clusters that `tool` speaks with, by its configuration file or, without one, by themselves. */
export const configuredClients = async (
  env: Needs,
  controllerKey: Uint8Array,
  tool: ClientTool,
): Promise<E.Either<ConfigurationProblem, ReadonlyArray<ConfiguredClient>>> => {
  const text = await env.clientFiles.configuration(tool)
  if (text === undefined) return E.right(await unconfigured(env, controllerKey, DEFAULTS))
  const configuration = readClientConfiguration(parseJson(text))
  if (E.isLeft(configuration)) {
    return E.left(`cloudhsm-${tool}.cfg cannot be read: ${configuration.left.paths.join(', ') || 'it is no JSON'}`)
  }
  const clients: ConfiguredClient[] = []
  for (const configured of configuration.right.clusters) {
    const client = await oneClient(env, controllerKey, configured)
    if (E.isLeft(client)) return client
    clients.push(...client.right)
  }
  return E.right(clients.length > 0 ? clients : await unconfigured(env, controllerKey, DEFAULTS))
}

const oneClient = async (
  env: Needs,
  controllerKey: Uint8Array,
  configured: ConfiguredCluster,
): Promise<E.Either<ConfigurationProblem, ReadonlyArray<ConfiguredClient>>> => {
  const { cluster_id: clusterId, hsm_ca_file: path, servers } = configured.cluster
  const named = await env.clientFiles.certificate(path)
  const { keyAvailabilityCheck, retryMode, ...settings } = clientSettings(configured, named ?? '')
  // Options alone: they are for the cluster that configures itself.
  if (clusterId === undefined && servers.length === 0) {
    return E.right(await unconfigured(env, controllerKey, { keyAvailabilityCheck, retryMode }))
  }
  const known = clusterId === undefined ? undefined : await env.clientFiles.customerCa(clusterId)
  const hsmCaCertificate = named ?? known
  if (hsmCaCertificate === undefined) return E.left(`The CA certificate ${path} cannot be read.`)
  const whole = { ...settings, hsmCaCertificate, retryMode, controllerKey }
  return E.right([{ settings: clusterId === undefined ? whole : { ...whole, clusterId }, keyAvailabilityCheck }])
}
