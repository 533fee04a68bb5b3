import * as E from 'fp-ts/lib/Either.js'
import type { ClusterId } from '@hsmlab/domain'
import {
  type ClientConfiguration,
  type ClientOptions,
  type ConfiguredCluster,
  HSM_PORT,
  unnamedCluster,
} from '@hsmlab/client'

/** What was asked to be different; what is left out stays as it is. */
export type ConfigurationChange = Readonly<{
  addresses?: ReadonlyArray<string>
  clusterId?: ClusterId
  hsmType?: string
  hsmCaFile?: string
  clientCertPath?: string
  clientKeyPath?: string
  options: ClientOptions
  logging: ClientConfiguration['logging']
}>

const changedCluster = ({ type, cluster }: ConfiguredCluster, change: ConfigurationChange): ConfiguredCluster => ({
  type: change.hsmType ?? type,
  cluster: {
    ...cluster,
    ...(change.hsmCaFile === undefined ? {} : { hsm_ca_file: change.hsmCaFile }),
    ...(change.addresses === undefined
      ? {}
      : { servers: change.addresses.map((hostname) => ({ hostname, port: HSM_PORT, enable: true })) }),
    ...(change.clusterId === undefined ? {} : { cluster_id: change.clusterId }),
    ...(change.clientCertPath === undefined ? {} : { client_cert_path: change.clientCertPath }),
    ...(change.clientKeyPath === undefined ? {} : { client_key_path: change.clientKeyPath }),
    options: { ...cluster.options, ...change.options },
  },
})

const isUnnamed = ({ cluster }: ConfiguredCluster): boolean =>
  cluster.servers.length === 0 && cluster.cluster_id === undefined

/**
 * Changes the cluster that is configured. New addresses without an id make it another cluster, so that an old id does
 * not stay. With several clusters, addresses and ids belong to `add-cluster`; everything else changes all of them.
 */
export const changeConfiguration = (
  configuration: ClientConfiguration,
  change: ConfigurationChange,
  hsmCaFile: string,
): E.Either<string, ClientConfiguration> => {
  const [first = unnamedCluster(hsmCaFile), ...others] = configuration.clusters
  const aims = change.addresses !== undefined || change.clusterId !== undefined
  if (aims && others.length > 0) {
    return E.left('Several clusters are configured: use add-cluster and remove-cluster')
  }
  const { cluster_id: _id, ...cluster } = first.cluster
  const base = change.addresses !== undefined && change.clusterId === undefined ? { ...first, cluster } : first
  return E.right({
    clusters: [base, ...others].map((one) => changedCluster(one, change)),
    logging: { ...configuration.logging, ...change.logging },
  })
}

/** Adds a cluster, or takes the place of the one of which nothing is said yet. */
export const addCluster = (
  configuration: ClientConfiguration,
  change: ConfigurationChange,
  hsmCaFile: string,
): E.Either<string, ClientConfiguration> => {
  if (configuration.clusters.some(({ cluster }) => cluster.cluster_id === change.clusterId)) {
    return E.left(`Cluster ${change.clusterId ?? ''} is configured already`)
  }
  const named = configuration.clusters.filter((cluster) => !isUnnamed(cluster))
  const added = changedCluster(unnamedCluster(hsmCaFile), change)
  return E.right({ ...configuration, clusters: [...named, added] })
}

export const removeCluster = (
  configuration: ClientConfiguration,
  clusterId: string,
): E.Either<string, ClientConfiguration> => {
  const clusters = configuration.clusters.filter(({ cluster }) => cluster.cluster_id !== clusterId)
  if (clusters.length === configuration.clusters.length) return E.left(`Cluster ${clusterId} is not configured`)
  return E.right({ ...configuration, clusters })
}
