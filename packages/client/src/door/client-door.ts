import * as E from 'fp-ts/lib/Either.js'
import type { ClusterId } from '@hsmlab/domain'
import type { LocalError } from '@hsmlab/protocol/local'
import type { Application, ClientFailure, ClusterClient } from '../face.ts'

/** A cluster that `cloudhsm-cli.cfg` names, and the setting of that file that belongs to the application. */
export type DoorCluster = Readonly<{
  clusterId: ClusterId
  client: Pick<ClusterClient, 'openApplication'>
  keyAvailabilityCheck: boolean
}>

/** What stands behind `client.sock`. Asked anew for each application, so that a changed configuration counts. */
export type ClientDoor = Readonly<{ clusters: () => Promise<E.Either<LocalError, ReadonlyArray<DoorCluster>>> }>

export const toLocalError = ({ _tag, hsmReturn, message }: ClientFailure): LocalError =>
  hsmReturn === 0 ? { code: _tag, message } : { code: _tag, message, hsmReturn }

const refusal = (code: string, message: string): E.Either<LocalError, never> => E.left({ code, message })

/** The applications of one connection: one for each cluster it speaks of, opened when first needed. */
export type Applications = Readonly<{
  of: (clusterId: ClusterId | undefined) => Promise<E.Either<LocalError, Application>>
  close: () => Promise<void>
}>

const chosen = (
  clusters: ReadonlyArray<DoorCluster>,
  clusterId: ClusterId | undefined,
): E.Either<LocalError, DoorCluster> => {
  const [first, ...others] = clusters
  if (first === undefined) return refusal('NoCluster', 'No cluster is configured, and there is none to use.')
  if (clusterId === undefined && others.length === 0) return E.right(first)
  const named = clusters.map((cluster) => cluster.clusterId).join(', ')
  if (clusterId === undefined) {
    return refusal('ClusterIdRequired', `Several clusters are configured; choose one with --cluster-id: ${named}`)
  }
  const found = clusters.find((cluster) => cluster.clusterId === clusterId)
  if (found === undefined)
    return refusal('ClusterUnknown', `Cluster ${clusterId} is not configured; these are: ${named}`)
  return E.right(found)
}

export const applicationsOf = (door: ClientDoor, name: string): Applications => {
  const opened = new Map<ClusterId, Application>()
  return {
    of: async (clusterId) => {
      const clusters = await door.clusters()
      const cluster = E.isLeft(clusters) ? clusters : chosen(clusters.right, clusterId)
      if (E.isLeft(cluster)) return cluster
      const before = opened.get(cluster.right.clusterId)
      if (before !== undefined) return E.right(before)
      const { client, keyAvailabilityCheck } = cluster.right
      const application = client.openApplication(name, { keyAvailabilityCheck })
      opened.set(cluster.right.clusterId, application)
      return E.right(application)
    },
    close: async () => {
      const applications = [...opened.values()]
      opened.clear()
      for (const application of applications) await application.close()
    },
  }
}
