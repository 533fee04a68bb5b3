import type { HsmId } from '../identifiers.ts'
import { type Cluster, type ControlPlane, hasContent, type Hsm, hsmsOf, isMember } from './cluster.ts'
import { isIdTaken } from './decide-create-hsm.ts'
import { type Decision, facts, nothingNew } from './decision.ts'
import type * as M from './messages.ts'

type ReportOf<Type extends M.ClusterReport['type']> = Extract<M.ClusterReport, { type: Type }>
type HsmReport = Extract<M.ClusterReport, { hsmId: HsmId }>
type ClusterWideReport = Exclude<M.ClusterReport, HsmReport>

const membershipWith = ({ clusterId, membership }: Cluster, hsmId: HsmId): M.ClusterEvent => ({
  type: 'MembershipChanged',
  clusterId,
  version: membership.version + 1,
  members: [...membership.members, hsmId],
})

const membershipWithout = ({ clusterId, membership }: Cluster, hsmId: HsmId): M.ClusterEvent => ({
  type: 'MembershipChanged',
  clusterId,
  version: membership.version + 1,
  members: membership.members.filter((member) => member !== hsmId),
})

/** The first HSM is a member as soon as it exists; the others once they have content. */
const provisioned = (report: ReportOf<'RecordHsmProvisioning'>, cluster: Cluster, hsm: Hsm): Decision => {
  const { at, clusterId, hsmId, serialNumber, identityKey, certificates } = report
  if (hsm.state !== 'CREATE_IN_PROGRESS' || hsm.serialNumber !== undefined) return nothingNew
  const event: M.ClusterEvent = { type: 'HsmProvisioned', clusterId, hsmId, serialNumber, identityKey }
  if (hsm.origin === 'backup') return facts(at, event)
  return facts(at, { ...event, certificates }, membershipWith(cluster, hsmId))
}

const restored = (
  { at, clusterId, hsmId, backupId }: ReportOf<'RecordRestore'>,
  cluster: Cluster,
  hsm: Hsm,
): Decision => {
  const isWaiting = hsm.state === 'CREATE_IN_PROGRESS' && hsm.serialNumber !== undefined && hsm.origin === 'backup'
  if (!isWaiting || hsm.restoredFrom !== undefined) return nothingNew
  return facts(at, { type: 'HsmRestored', clusterId, hsmId, backupId }, membershipWith(cluster, hsmId))
}

const dismissed = ({ at, hsmId }: ReportOf<'DismissHsm'>, cluster: Cluster, hsm: Hsm): Decision => {
  if (hsm.state !== 'DELETE_IN_PROGRESS' || !isMember(cluster, hsmId)) return nothingNew
  return facts(at, membershipWithout(cluster, hsmId))
}

/** In the same place under a new name; only where its content can come from somewhere else. */
const replaced = (report: ReportOf<'ReplaceHsm'>, plane: ControlPlane, cluster: Cluster, hsm: Hsm): Decision => {
  const { at, clusterId, hsmId, replacementId, lane } = report
  if (hsm.state !== 'DEGRADED' || isIdTaken(plane, replacementId) || cluster.lanes.includes(lane)) return nothingNew
  const others = hsmsOf(cluster).filter((other) => other.hsmId !== hsmId)
  if (others.some(({ state }) => state === 'CREATE_IN_PROGRESS')) return nothingNew
  const origin = cluster.phase === 'UNINITIALIZED' ? 'first' : 'backup'
  if (origin === 'backup' && cluster.backups.length === 0 && !others.some(hasContent)) return nothingNew
  const event: M.ClusterEvent = { type: 'HsmReplacementStarted', clusterId, hsmId, replacementId, lane, origin }
  return isMember(cluster, hsmId) ? facts(at, event, membershipWithout(cluster, hsmId)) : facts(at, event)
}

const decideOnHsm = (report: HsmReport, plane: ControlPlane, cluster: Cluster): Decision => {
  const { at, clusterId, hsmId } = report
  if (report.type === 'RecordDecommission') {
    const isLeft = cluster.gone[hsmId]?.decommissioned === false
    return isLeft ? facts(at, { type: 'HsmDecommissioned', clusterId, hsmId }) : nothingNew
  }
  const hsm = cluster.hsms[hsmId]
  // A backup is a fact of the cluster: it stays one when its HSM is gone.
  if (report.type === 'RecordBackup') {
    if (cluster.backups.some(({ backupId }) => backupId === report.backupId)) return nothingNew
    const { backupId, size, digest, position } = report
    return facts(at, { type: 'BackupTaken', clusterId, hsmId, backupId, size, digest, position })
  }
  if (hsm === undefined) return nothingNew
  switch (report.type) {
    case 'RecordHsmProvisioning':
      return provisioned(report, cluster, hsm)
    case 'RecordRestore':
      return restored(report, cluster, hsm)
    case 'CompleteHsmCreation': {
      const isReady = hsm.state === 'CREATE_IN_PROGRESS' && hasContent(hsm) && isMember(cluster, hsmId)
      return isReady ? facts(at, { type: 'HsmCreated', clusterId, hsmId }) : nothingNew
    }
    case 'RecordActivation':
      return cluster.phase === 'INITIALIZED' ? facts(at, { type: 'ClusterActivated', clusterId, hsmId }) : nothingNew
    case 'RecordHandOver': {
      const isLeaving = hsm.state === 'DELETE_IN_PROGRESS' && !hsm.handedOver
      return isLeaving ? facts(at, { type: 'HsmHandedOver', clusterId, hsmId }) : nothingNew
    }
    case 'DismissHsm':
      return dismissed(report, cluster, hsm)
    case 'CompleteHsmDeletion': {
      const mayGo = hsm.state === 'DELETE_IN_PROGRESS' && !isMember(cluster, hsmId)
      return mayGo ? facts(at, { type: 'HsmDeleted', clusterId, hsmId }) : nothingNew
    }
    case 'ReportHsmDegraded': {
      const { reason } = report
      return hsm.state === 'ACTIVE' ? facts(at, { type: 'HsmDegraded', clusterId, hsmId, reason }) : nothingNew
    }
    case 'ReportHsmRecovered':
      return hsm.state === 'DEGRADED' ? facts(at, { type: 'HsmRecovered', clusterId, hsmId }) : nothingNew
    case 'ReplaceHsm':
      return replaced(report, plane, cluster, hsm)
  }
}

const decideOnCluster = (report: ClusterWideReport, { phase }: Cluster): Decision => {
  const { at, clusterId } = report
  switch (report.type) {
    case 'CompleteClusterCreation':
      return phase === 'CREATE_IN_PROGRESS' ? facts(at, { type: 'ClusterCreated', clusterId }) : nothingNew
    case 'CompleteInitialization':
      return phase === 'INITIALIZE_IN_PROGRESS' ? facts(at, { type: 'ClusterInitialized', clusterId }) : nothingNew
    case 'FailInitialization': {
      const { reason } = report
      if (phase !== 'INITIALIZE_IN_PROGRESS') return nothingNew
      return facts(at, { type: 'ClusterInitializationFailed', clusterId, reason })
    }
    case 'CompleteClusterDeletion':
      return phase === 'DELETE_IN_PROGRESS' ? facts(at, { type: 'ClusterDeleted', clusterId }) : nothingNew
  }
}

/** Reports come at least once and late: what no longer applies is no news, never an error. */
export const decideReport = (report: M.ClusterReport, plane: ControlPlane): Decision => {
  const cluster = plane.clusters[report.clusterId]
  if (cluster === undefined) return nothingNew
  return 'hsmId' in report ? decideOnHsm(report, plane, cluster) : decideOnCluster(report, cluster)
}
