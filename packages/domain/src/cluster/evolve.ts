import type { ClusterId, HsmId } from '../identifiers.ts'
import type { Cluster, ControlPlane, GoneHsm, Hsm } from './cluster.ts'
import type * as M from './messages.ts'
import { hostIn } from './network.ts'

type EventOf<Type extends M.ClusterEvent['type']> = Extract<M.ClusterEvent, { type: Type }>

const started = (event: EventOf<'ClusterCreationStarted'>, at: number): Cluster => ({
  clusterId: event.clusterId,
  account: event.account,
  region: event.region,
  createdAt: at,
  phase: 'CREATE_IN_PROGRESS',
  since: at,
  hsmType: event.hsmType,
  mode: event.mode,
  networkType: event.networkType,
  vpcId: event.vpcId,
  subnets: event.subnets,
  securityGroup: event.securityGroup,
  backupRetentionDays: event.backupRetentionDays,
  tags: event.tags,
  hsms: {},
  gone: {},
  lanes: [],
  membership: { version: 0, members: [] },
  backups: [],
  backupDue: false,
})

type Coming = Pick<Hsm, 'hsmId' | 'place' | 'lane' | 'origin'>

const freshHsm = ({ backups }: Cluster, { hsmId, place, lane, origin }: Coming, at: number): Hsm => ({
  hsmId,
  place,
  lane,
  createdAt: at,
  state: 'CREATE_IN_PROGRESS',
  since: at,
  origin,
  backupsBefore: backups.length,
  handedOver: false,
  backedUp: false,
})

const withHsm = (cluster: Cluster, hsm: Hsm): Cluster => ({ ...cluster, hsms: { ...cluster.hsms, [hsm.hsmId]: hsm } })

const changeHsm = (cluster: Cluster, hsmId: HsmId, change: Partial<Hsm>): Cluster => {
  const hsm = cluster.hsms[hsmId]
  return hsm === undefined ? cluster : withHsm(cluster, { ...hsm, ...change })
}

const inPhase = (cluster: Cluster, phase: M.ClusterPhase, at: number, stateMessage?: string): Cluster => ({
  ...cluster,
  phase,
  since: at,
  stateMessage,
})

/** Without the HSM, but with the memory of it; an uninitialized cluster loses the CSR with it. */
const withoutHsm = (cluster: Cluster, hsmId: HsmId): Cluster => {
  const { [hsmId]: hsm, ...hsms } = cluster.hsms
  if (hsm === undefined) return cluster
  const gone: GoneHsm = { hsmId, availabilityZone: hsm.place.availabilityZone, decommissioned: false }
  const identity = cluster.identity?.hsmId === hsmId ? undefined : cluster.identity
  return { ...cluster, hsms, gone: { ...cluster.gone, [hsmId]: gone }, identity }
}

const provisioned = (cluster: Cluster, event: EventOf<'HsmProvisioned'>): Cluster => {
  const { hsmId, serialNumber, identityKey, certificates } = event
  const known = changeHsm(cluster, hsmId, { serialNumber, identityKey })
  return certificates === undefined ? known : { ...known, identity: { hsmId, certificates } }
}

const created = (cluster: Cluster, event: EventOf<'HsmCreationStarted'>, at: number): Cluster => {
  const { hsmId, availabilityZone, subnetId, eniId, eniIp, eniIpV6, lane, origin } = event
  const place = { availabilityZone, subnetId, eniId, eniIp, eniIpV6 }
  return withHsm({ ...cluster, lanes: [...cluster.lanes, lane] }, freshHsm(cluster, { hsmId, place, lane, origin }, at))
}

const replaced = (cluster: Cluster, event: EventOf<'HsmReplacementStarted'>, at: number): Cluster => {
  const old = cluster.hsms[event.hsmId]
  if (old === undefined) return cluster
  const { replacementId: hsmId, lane, origin } = event
  const fresh = freshHsm(cluster, { hsmId, place: old.place, lane, origin }, at)
  return withHsm({ ...withoutHsm(cluster, event.hsmId), lanes: [...cluster.lanes, lane] }, fresh)
}

const backedUp = (cluster: Cluster, event: EventOf<'BackupTaken'>, at: number): Cluster => {
  const { backupId, hsmId, size, digest, position } = event
  const backups = [...cluster.backups, { backupId, hsmId, size, digest, position, takenAt: at }]
  const source = cluster.hsms[hsmId]
  return changeHsm({ ...cluster, backups, backupDue: false }, hsmId, { backedUp: source?.handedOver === true })
}

const decommissioned = (cluster: Cluster, hsmId: HsmId): Cluster => {
  const gone = cluster.gone[hsmId]
  if (gone === undefined) return cluster
  return { ...cluster, gone: { ...cluster.gone, [hsmId]: { ...gone, decommissioned: true } } }
}

type ClusterChange = Exclude<M.ClusterEvent, { type: 'ClusterCreationStarted' }>

const change = (cluster: Cluster, event: ClusterChange, at: number): Cluster => {
  switch (event.type) {
    case 'ClusterCreated':
      return inPhase(cluster, 'UNINITIALIZED', at)
    case 'HsmCreationStarted':
      return created(cluster, event, at)
    case 'HsmProvisioned':
      return provisioned(cluster, event)
    case 'HsmRestored':
      return changeHsm(cluster, event.hsmId, { restoredFrom: event.backupId })
    case 'MembershipChanged':
      return { ...cluster, membership: { version: event.version, members: event.members } }
    case 'HsmCreated':
    case 'HsmRecovered':
      return changeHsm(cluster, event.hsmId, { state: 'ACTIVE', since: at, stateMessage: undefined })
    case 'ClusterInitializationStarted': {
      const { certificate, trustAnchor } = event
      return { ...inPhase(cluster, 'INITIALIZE_IN_PROGRESS', at), certificate, trustAnchor }
    }
    case 'ClusterInitialized':
      return { ...inPhase(cluster, 'INITIALIZED', at), identity: undefined }
    case 'ClusterInitializationFailed':
      return { ...inPhase(cluster, 'UNINITIALIZED', at, event.reason), certificate: undefined, trustAnchor: undefined }
    case 'ClusterActivated':
      return { ...inPhase(cluster, 'ACTIVE', at), backupDue: true }
    case 'BackupTaken':
      return backedUp(cluster, event, at)
    case 'HsmDeletionStarted':
      return changeHsm(cluster, event.hsmId, { state: 'DELETE_IN_PROGRESS', since: at, stateMessage: undefined })
    case 'HsmHandedOver':
      return changeHsm(cluster, event.hsmId, { handedOver: true })
    case 'HsmDeleted':
      return withoutHsm(cluster, event.hsmId)
    case 'HsmDecommissioned':
      return decommissioned(cluster, event.hsmId)
    case 'HsmDegraded':
      return changeHsm(cluster, event.hsmId, { state: 'DEGRADED', since: at, stateMessage: event.reason })
    case 'HsmReplacementStarted':
      return replaced(cluster, event, at)
    case 'ClusterDeletionStarted':
      return inPhase(cluster, 'DELETE_IN_PROGRESS', at)
    case 'ClusterDeleted':
      return inPhase(cluster, 'DELETED', at)
  }
}

/** Remembers the address, so that the next one is another. */
const lastHostAfter = (plane: ControlPlane, cluster: Cluster, event: ClusterChange): ControlPlane['lastHosts'] => {
  if (event.type !== 'HsmCreationStarted') return plane.lastHosts
  const subnet = cluster.subnets.find(({ subnetId }) => subnetId === event.subnetId)
  const host = subnet === undefined ? undefined : hostIn(subnet, event.eniIp)
  return host === undefined ? plane.lastHosts : { ...plane.lastHosts, [event.subnetId]: host }
}

const withCluster = (plane: ControlPlane, clusterId: ClusterId, cluster: Cluster): ControlPlane => ({
  ...plane,
  clusters: { ...plane.clusters, [clusterId]: cluster },
})

/** Total: a fact on the log is applied, never questioned. */
export const evolveControlPlane = (plane: ControlPlane, { at, event }: M.ClusterFact): ControlPlane => {
  if (event.type === 'ClusterCreationStarted') return withCluster(plane, event.clusterId, started(event, at))
  const cluster = plane.clusters[event.clusterId]
  if (cluster === undefined) return plane
  const lastHosts = lastHostAfter(plane, cluster, event)
  return { ...withCluster(plane, event.clusterId, change(cluster, event, at)), lastHosts }
}
