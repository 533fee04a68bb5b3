import * as E from 'fp-ts/lib/Either.js'
import { type Cluster, clustersOf, type ControlPlane, hasContent, hsmsOf, stateOf } from './cluster.ts'
import { type Decision, facts, findCluster, type Limits } from './decision.ts'
import type * as M from './messages.ts'
import { cidrOf, hostIn, ipV6Of, nextHost } from './network.ts'

type CreateHsm = Extract<M.ClusterRequest, { type: 'CreateHsm' }>

export const HSM_COUNT_MAX = 28

/**
 * The first HSM of an uninitialized cluster makes the cluster's keys; every other one takes a backup of one that has
 * content, or the newest there is. AWS does not say what an INITIALIZED cluster without HSMs may do; here it may come
 * back from the backup that DeleteHsm made.
 */
const originFor = (cluster: Cluster): E.Either<M.ClusterRejection, M.HsmOrigin> => {
  const { clusterId, phase } = cluster
  const hsms = hsmsOf(cluster)
  if (phase === 'UNINITIALIZED' && hsms.length === 0) return E.right('first')
  if (phase === 'ACTIVE' || (phase === 'INITIALIZED' && hsms.length === 0)) {
    const canRestore = cluster.backups.length > 0 || hsms.some(hasContent)
    return canRestore ? E.right('backup') : E.left({ _tag: 'BackupMissing', clusterId })
  }
  if (hsms.length > 0 && phase !== 'DELETE_IN_PROGRESS') return E.left({ _tag: 'ClusterNotActivated', clusterId })
  return E.left({ _tag: 'ClusterStateForbids', clusterId, state: stateOf(cluster), operation: 'CreateHsm' })
}

const takenHosts = (plane: ControlPlane, world: M.World, subnet: M.Subnet): ReadonlySet<number> => {
  const hosts = clustersOf(plane, world).flatMap((cluster) =>
    hsmsOf(cluster).map(({ place }) => (place.subnetId === subnet.subnetId ? hostIn(subnet, place.eniIp) : undefined)),
  )
  return new Set(hosts.filter((host) => host !== undefined))
}

/** The address asked for when it is free, else the next one that is. */
const hostFor = (command: CreateHsm, plane: ControlPlane, subnet: M.Subnet): E.Either<M.ClusterRejection, number> => {
  const { subnetId } = subnet
  const { ipAddress } = command
  const taken = takenHosts(plane, command, subnet)
  if (ipAddress === undefined) {
    const host = nextHost(plane.lastHosts[subnetId], taken)
    return host === undefined ? E.left({ _tag: 'SubnetFull', subnetId }) : E.right(host)
  }
  const host = hostIn(subnet, ipAddress)
  if (host === undefined) return E.left({ _tag: 'AddressOutsideSubnet', ipAddress, subnetId, cidr: cidrOf(subnet) })
  return taken.has(host) ? E.left({ _tag: 'AddressInUse', ipAddress, subnetId }) : E.right(host)
}

const quotaFor = (plane: ControlPlane, cluster: Cluster, limits: Limits): M.ClusterRejection | undefined => {
  const inCluster = hsmsOf(cluster).length
  const inWorld = clustersOf(plane, cluster).reduce((count, other) => count + hsmsOf(other).length, 0)
  if (inCluster >= HSM_COUNT_MAX) {
    return { _tag: 'ClusterHsmLimitExceeded', clusterId: cluster.clusterId, limit: HSM_COUNT_MAX }
  }
  if (inWorld >= limits.hsmsPerWorld) return { _tag: 'HsmLimitExceeded', limit: limits.hsmsPerWorld }
  return undefined
}

export const isIdTaken = (plane: ControlPlane, hsmId: CreateHsm['hsmId']): boolean =>
  Object.values(plane.clusters).some(({ hsms, gone }) => hsmId in hsms || hsmId in gone)

/** CreateHsm is not idempotent: each call makes an HSM (API Reference: CreateHsm). */
export const decideCreateHsm = (command: CreateHsm, plane: ControlPlane, limits: Limits): Decision => {
  const { at, clusterId, hsmId, eniId, lane, availabilityZone } = command
  const found = findCluster(plane, command)
  if (E.isLeft(found)) return found
  const cluster = found.right
  if (isIdTaken(plane, hsmId)) return E.left({ _tag: 'IdTaken', id: hsmId })
  if (cluster.lanes.includes(lane)) return E.left({ _tag: 'LaneTaken', lane })
  const subnet = cluster.subnets.find((other) => other.availabilityZone === availabilityZone)
  if (subnet === undefined) return E.left({ _tag: 'ZoneNotInCluster', clusterId, availabilityZone })
  const origin = originFor(cluster)
  if (E.isLeft(origin)) return origin
  const overQuota = quotaFor(plane, cluster, limits)
  if (overQuota !== undefined) return E.left(overQuota)
  const host = hostFor(command, plane, subnet)
  if (E.isLeft(host)) return host
  const { subnetId, networkPrefix } = subnet
  const place: M.HsmPlace = {
    availabilityZone,
    subnetId,
    eniId,
    eniIp: `${networkPrefix}${host.right}`,
    ...(cluster.networkType === 'DUALSTACK' ? { eniIpV6: ipV6Of(subnet, host.right) } : {}),
  }
  return facts(at, { type: 'HsmCreationStarted', clusterId, hsmId, ...place, lane, origin: origin.right })
}
