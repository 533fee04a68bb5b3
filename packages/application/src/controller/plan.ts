import {
  allClusters,
  type AvailabilityZone,
  type BackupId,
  type Cluster,
  type ClusterId,
  type ControlPlane,
  hasContent,
  type Hsm,
  type HsmId,
  hsmsOf,
  isMember,
} from '@hsmlab/domain'
import type { ControllerSettings } from './controller-env.ts'
import type { Sighting } from './sightings.ts'

type OfCluster = Readonly<{ clusterId: ClusterId }>
type OfHsm = OfCluster & Readonly<{ hsmId: HsmId; zone: AvailabilityZone }>

/**
 * One thing to be done next. Each can be done again without harm, and each ends with a report that takes it off the
 * plan: so a controller that died is continued by folding its log and planning anew.
 */
export type Step = (
  | Readonly<{ kind: 'completeClusterCreation' } & OfCluster>
  | Readonly<{ kind: 'completeClusterDeletion' } & OfCluster>
  | Readonly<{ kind: 'installCertificate' } & OfHsm>
  | Readonly<{ kind: 'provision' } & OfHsm>
  | Readonly<{ kind: 'takeBackup' } & OfHsm>
  | Readonly<{ kind: 'restore'; backupId: BackupId } & OfHsm>
  | Readonly<{ kind: 'admit' } & OfHsm>
  | Readonly<{ kind: 'pushMembership' } & OfHsm>
  | Readonly<{ kind: 'handOver' } & OfHsm>
  | Readonly<{ kind: 'dismiss' } & OfHsm>
  | Readonly<{ kind: 'decommission'; mayGiveUp: boolean } & OfHsm>
  | Readonly<{ kind: 'clearRemains' } & OfHsm>
  | Readonly<{ kind: 'replace' } & OfHsm>
) &
  /** How long to wait, in milliseconds, for the transition to take its time. */
  Readonly<{ waitMillis: number }>

export type PlanContext = Readonly<{
  sight: (hsmId: HsmId) => Sighting
  settings: ControllerSettings
  nowMicros: number
}>

/** Two plans mean the same step by the same key. */
export const stepKey = (step: Step): string => {
  const parts = [step.kind, step.clusterId, 'hsmId' in step ? step.hsmId : '']
  // One backup of a cluster at a time, whoever it is for.
  return step.kind === 'takeBackup' ? `${step.kind} ${step.clusterId}` : parts.join(' ')
}

/** What is left of `delayMillis` since `sinceMicros`; a wall clock that was set back does not make it longer. */
const remaining = ({ nowMicros }: PlanContext, sinceMicros: number, delayMillis: number): number =>
  Math.max(0, delayMillis - Math.max(0, nowMicros - sinceMicros) / 1000)

const isBroken = ({ description }: Sighting): boolean =>
  description?.condition === 'failed' || description?.condition === 'zeroized'

const stepOn = (cluster: Cluster, hsm: Hsm) => ({
  clusterId: cluster.clusterId,
  hsmId: hsm.hsmId,
  zone: hsm.place.availabilityZone,
  waitMillis: 0,
})

/** A broken HSM has lost what it had; one that is silent still has it. */
const othersHaveContent = (cluster: Cluster, hsm: Hsm, { sight }: PlanContext): boolean =>
  hsmsOf(cluster).some((other) => other.hsmId !== hsm.hsmId && hasContent(other) && !isBroken(sight(other.hsmId)))

/** The live HSM that is to be backed up: one that gave no trouble, if there is one. */
const backupSource = (cluster: Cluster, context: PlanContext, except?: HsmId): Hsm | undefined => {
  const live = hsmsOf(cluster).filter(({ hsmId, state }) => state === 'ACTIVE' && hsmId !== except)
  return [...live].sort((a, b) => context.sight(a.hsmId).troubles - context.sight(b.hsmId).troubles)[0]
}

/**
 * What a new HSM takes its content from: a backup made after it came. Where no HSM has content any more, the newest
 * there is (the cluster is a new incarnation of itself then); while one has, an older one never serves.
 */
const contentStep = (cluster: Cluster, hsm: Hsm, context: PlanContext): ReadonlyArray<Step> => {
  const newest = cluster.backups.at(-1)
  const isFresh = cluster.backups.length > hsm.backupsBefore
  if (newest !== undefined && (isFresh || !othersHaveContent(cluster, hsm, context))) {
    return [{ kind: 'restore', ...stepOn(cluster, hsm), backupId: newest.backupId }]
  }
  const source = backupSource(cluster, context, hsm.hsmId)
  return source === undefined ? [] : [{ kind: 'takeBackup', ...stepOn(cluster, source) }]
}

/**
 * Newcomers take in their content and join one after the other, so that each finds peers that serve. One whose rack is
 * silent does not hold up the next.
 */
const isItsTurn = (cluster: Cluster, hsm: Hsm, { sight, settings }: PlanContext): boolean => {
  const [next = hsm] = hsmsOf(cluster).filter(
    ({ hsmId, state, serialNumber }) =>
      state === 'CREATE_IN_PROGRESS' &&
      serialNumber !== undefined &&
      sight(hsmId).silentMillis < settings.silenceMillis,
  )
  return next.hsmId === hsm.hsmId
}

const comingSteps = (cluster: Cluster, hsm: Hsm, context: PlanContext): ReadonlyArray<Step> => {
  if (hsm.serialNumber === undefined) return [{ kind: 'provision', ...stepOn(cluster, hsm) }]
  if (!hasContent(hsm)) return isItsTurn(cluster, hsm, context) ? contentStep(cluster, hsm, context) : []
  const waitMillis = remaining(context, hsm.since, context.settings.delays.createHsm)
  return [{ kind: 'admit', ...stepOn(cluster, hsm), waitMillis }]
}

/** Broken, or silent for so long that waiting for its farewell would keep the customer from going on. */
const isLost = (cluster: Cluster, hsm: Hsm, context: PlanContext): boolean => {
  const sighting = context.sight(hsm.hsmId)
  const isSilent = sighting.silentMillis > context.settings.giveUpMillis
  return isBroken(sighting) || (isSilent && othersHaveContent(cluster, hsm, context))
}

const leavingSteps = (cluster: Cluster, hsm: Hsm, context: PlanContext): ReadonlyArray<Step> => {
  const mayGiveUp = isLost(cluster, hsm, context)
  // Only an active cluster has anything to lose; an HSM that is no member yet holds nothing that others do not.
  if (cluster.phase === 'ACTIVE' && isMember(cluster, hsm.hsmId) && !mayGiveUp) {
    if (!hsm.handedOver) return [{ kind: 'handOver', ...stepOn(cluster, hsm) }]
    if (!hsm.backedUp) return [{ kind: 'takeBackup', ...stepOn(cluster, hsm) }]
  }
  if (isMember(cluster, hsm.hsmId)) return [{ kind: 'dismiss', ...stepOn(cluster, hsm) }]
  const waitMillis = remaining(context, hsm.since, context.settings.delays.deleteHsm)
  return [{ kind: 'decommission', ...stepOn(cluster, hsm), mayGiveUp, waitMillis }]
}

/** DEGRADED for good: broken, or silent for longer than the settings bear. One at a time. */
const mustBeReplaced = (cluster: Cluster, hsm: Hsm, { sight, settings }: PlanContext): boolean => {
  if (hsm.state !== 'DEGRADED' || hsmsOf(cluster).some(({ state }) => state === 'CREATE_IN_PROGRESS')) return false
  const { replaceAfterMillis = Infinity } = settings
  const sighting = sight(hsm.hsmId)
  return isBroken(sighting) || sighting.silentMillis > replaceAfterMillis
}

const hsmSteps = (cluster: Cluster, hsm: Hsm, context: PlanContext): ReadonlyArray<Step> => {
  if (hsm.state === 'CREATE_IN_PROGRESS') return comingSteps(cluster, hsm, context)
  if (hsm.state === 'DELETE_IN_PROGRESS') return leavingSteps(cluster, hsm, context)
  if (mustBeReplaced(cluster, hsm, context)) return [{ kind: 'replace', ...stepOn(cluster, hsm) }]
  const isBehind = context.sight(hsm.hsmId).membershipVersion !== cluster.membership.version
  return isBehind ? [{ kind: 'pushMembership', ...stepOn(cluster, hsm) }] : []
}

const phaseSteps = (cluster: Cluster, context: PlanContext): ReadonlyArray<Step> => {
  const { clusterId, phase, since, backupDue } = cluster
  const { delays } = context.settings
  if (phase === 'CREATE_IN_PROGRESS') {
    return [{ kind: 'completeClusterCreation', clusterId, waitMillis: remaining(context, since, delays.createCluster) }]
  }
  if (phase === 'DELETE_IN_PROGRESS') {
    return [{ kind: 'completeClusterDeletion', clusterId, waitMillis: remaining(context, since, delays.deleteCluster) }]
  }
  if (phase === 'INITIALIZE_IN_PROGRESS') {
    const waitMillis = remaining(context, since, delays.initialize)
    return hsmsOf(cluster).map((hsm) => ({ kind: 'installCertificate', ...stepOn(cluster, hsm), waitMillis }))
  }
  const source = backupDue ? backupSource(cluster, context) : undefined
  return source === undefined ? [] : [{ kind: 'takeBackup', ...stepOn(cluster, source) }]
}

const remainsSteps = ({ clusterId, gone }: Cluster): ReadonlyArray<Step> =>
  Object.values(gone)
    .filter(({ decommissioned }) => !decommissioned)
    .map(({ hsmId, availabilityZone: zone }) => ({ kind: 'clearRemains', clusterId, hsmId, zone, waitMillis: 0 }))

/** Everything that is to be done now, or after a wait. A step that is under way stays on the plan until its report. */
export const plan = (plane: ControlPlane, context: PlanContext): ReadonlyMap<string, Step> => {
  const steps = new Map<string, Step>()
  for (const cluster of allClusters(plane)) {
    const planned = [
      ...hsmsOf(cluster).flatMap((hsm) => hsmSteps(cluster, hsm, context)),
      ...phaseSteps(cluster, context),
      ...remainsSteps(cluster),
    ]
    for (const step of planned) if (!steps.has(stepKey(step))) steps.set(stepKey(step), step)
  }
  return steps
}
