import * as E from 'fp-ts/lib/Either.js'
import { clientSettings, type ClusterSettings, type ConfiguredCluster, readClientConfiguration } from '@hsmlab/client'
import { parseJson } from '@hsmlab/event-sourcing'
import type { ClientTool, HasClientFiles } from '@hsmlab/ports'
import type { KnownClusters } from './known-clusters.ts'

/** One cluster as a client tool is configured for it. */
export type ConfiguredClient = Readonly<{ settings: ClusterSettings; keyAvailabilityCheck: boolean }>

/** What is wrong with a configuration, for whoever wrote it. */
export type ConfigurationProblem = string

/** The controller's key, and the clusters it vouches for. */
export type Authority = Readonly<{ controllerKey: Uint8Array; knownClusters: KnownClusters }>

const DEFAULTS = { keyAvailabilityCheck: true, retryMode: 'standard' } as const

/** A single cluster is configured by itself; among several a client must choose. */
const unconfigured = async (
  env: HasClientFiles,
  authority: Authority,
  options: Readonly<{ keyAvailabilityCheck: boolean; retryMode: 'standard' | 'off' }>,
): Promise<ReadonlyArray<ConfiguredClient>> => {
  const { controllerKey, knownClusters } = authority
  const [clusterId, ...others] = await knownClusters()
  if (clusterId === undefined || others.length > 0) return []
  const hsmCaCertificate = await env.clientFiles.customerCa(clusterId)
  if (hsmCaCertificate === undefined) return []
  const { keyAvailabilityCheck, retryMode } = options
  return [{ settings: { servers: [], hsmCaCertificate, retryMode, controllerKey, clusterId }, keyAvailabilityCheck }]
}

/** The clusters that `tool` speaks with, by its configuration file or, without one, by themselves. */
export const configuredClients = async (
  env: HasClientFiles,
  authority: Authority,
  tool: ClientTool,
): Promise<E.Either<ConfigurationProblem, ReadonlyArray<ConfiguredClient>>> => {
  const text = await env.clientFiles.configuration(tool)
  if (text === undefined) return E.right(await unconfigured(env, authority, DEFAULTS))
  const configuration = readClientConfiguration(parseJson(text))
  if (E.isLeft(configuration)) {
    return E.left(`cloudhsm-${tool}.cfg cannot be read: ${configuration.left.paths.join(', ') || 'it is no JSON'}`)
  }
  const clients: ConfiguredClient[] = []
  for (const configured of configuration.right.clusters) {
    const client = await oneClient(env, authority, configured)
    if (E.isLeft(client)) return client
    clients.push(...client.right)
  }
  return E.right(clients.length > 0 ? clients : await unconfigured(env, authority, DEFAULTS))
}

const oneClient = async (
  env: HasClientFiles,
  authority: Authority,
  configured: ConfiguredCluster,
): Promise<E.Either<ConfigurationProblem, ReadonlyArray<ConfiguredClient>>> => {
  const { cluster_id: clusterId, hsm_ca_file: path, servers } = configured.cluster
  const named = await env.clientFiles.certificate(path)
  const { keyAvailabilityCheck, retryMode, ...settings } = clientSettings(configured, named ?? '')
  // Options alone: they are for the cluster that configures itself.
  if (clusterId === undefined && servers.length === 0) {
    return E.right(await unconfigured(env, authority, { keyAvailabilityCheck, retryMode }))
  }
  const known = clusterId === undefined ? undefined : await env.clientFiles.customerCa(clusterId)
  const hsmCaCertificate = named ?? known
  if (hsmCaCertificate === undefined) return E.left(`The CA certificate ${path} cannot be read.`)
  const whole = { ...settings, hsmCaCertificate, retryMode, controllerKey: authority.controllerKey }
  return E.right([{ settings: clusterId === undefined ? whole : { ...whole, clusterId }, keyAvailabilityCheck }])
}
