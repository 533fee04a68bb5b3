import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@hsmlab/event-sourcing'
import type { Cluster, ClusterState } from '@hsmlab/domain'
import { type AwsError, awsError } from './aws-error.ts'

/** API Reference: DescribeClusters, `Filters`. Values of one key are alternatives, keys all have to match. */
const KEYS = ['clusterIds', 'vpcIds', 'states'] as const
export type Filters = Readonly<Partial<Record<(typeof KEYS)[number], ReadonlyArray<string>>>>

export const readFilters = (filters: Json | undefined): E.Either<AwsError, Filters> => {
  const given = (filters ?? {}) as Filters
  const unknown = Object.keys(given).find((key) => !(KEYS as ReadonlyArray<string>).includes(key))
  return unknown === undefined
    ? E.right(given)
    : E.left(
        awsError('CloudHsmInvalidRequestException', `The filter ${unknown} is not supported. Use ${KEYS.join(', ')}.`),
      )
}

export const matchesFilters = (filters: Filters, { clusterId, vpcId }: Cluster, state: ClusterState): boolean =>
  (filters.clusterIds?.includes(clusterId) ?? true) &&
  (filters.vpcIds?.includes(vpcId) ?? true) &&
  (filters.states?.includes(state) ?? true)
