import * as E from 'fp-ts/lib/Either.js'
import type { ClusterId } from '../identifiers.ts'
import type { Cluster, ControlPlane } from './cluster.ts'
import type * as M from './messages.ts'

export type Decision = E.Either<M.ClusterRejection, ReadonlyArray<M.ClusterFact>>

/** Per Region and account ("AWS CloudHSM quotas"); both can be raised on AWS, so both are settings here. */
export type Limits = Readonly<{ clustersPerWorld: number; hsmsPerWorld: number }>
export const DEFAULT_LIMITS: Limits = { clustersPerWorld: 4, hsmsPerWorld: 6 }

export const facts = (at: number, ...events: ReadonlyArray<M.ClusterEvent>): Decision =>
  E.right(events.map((event) => ({ at, event })))

/** The fact is on the log already, or the moment for it has passed. */
export const nothingNew: Decision = E.right([])

/** The caller's own cluster; one of another account or Region is not found, and neither is a deleted one. */
export const findCluster = (
  plane: ControlPlane,
  { account, region, clusterId }: M.World & Readonly<{ clusterId: ClusterId }>,
): E.Either<M.ClusterRejection, Cluster> => {
  const cluster = plane.clusters[clusterId]
  const isOwn = cluster?.account === account && cluster.region === region && cluster.phase !== 'DELETED'
  return isOwn ? E.right(cluster) : E.left({ _tag: 'ClusterNotFound', clusterId })
}
