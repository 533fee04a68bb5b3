import { type Base64, canonicalJson } from '@hsmlab/event-sourcing'
import type { AvailabilityZone, BackupId, ClusterId, HsmId } from '../identifiers.ts'
import type * as M from './messages.ts'

export type Hsm = Readonly<{
  hsmId: HsmId
  place: M.HsmPlace
  lane: number
  createdAt: number
  state: M.HsmLifecycleState
  /** When it came into this state, wall microseconds. */
  since: number
  stateMessage?: string | undefined
  origin: M.HsmOrigin
  /** How many backups the cluster had when it came: the one for it must be a later one, where any HSM has content. */
  backupsBefore: number
  serialNumber?: string | undefined
  identityKey?: Base64 | undefined
  restoredFrom?: BackupId | undefined
  /** On its way out: has given its peers what they lacked, and then been backed up. */
  handedOver: boolean
  backedUp: boolean
}>

/** An HSM that is deleted or replaced; its rack may still have something of it. */
export type GoneHsm = Readonly<{ hsmId: HsmId; availabilityZone: AvailabilityZone; decommissioned: boolean }>

export type ClusterBackup = M.Backup & Readonly<{ takenAt: number }>

export type Cluster = M.World &
  Readonly<{
    clusterId: ClusterId
    createdAt: number
    phase: M.ClusterPhase
    since: number
    stateMessage?: string | undefined
    hsmType: string
    mode: M.ClusterMode
    networkType: M.NetworkType
    vpcId: string
    subnets: ReadonlyArray<M.Subnet>
    securityGroup: string
    backupRetentionDays: number
    tags: ReadonlyArray<M.Tag>
    /** Of its first HSM, until the cluster is initialized or loses it. */
    identity?: Readonly<{ hsmId: HsmId; certificates: M.IdentityCertificateTexts }> | undefined
    /** While it is being initialized, and for good afterwards. */
    certificate?: string | undefined
    trustAnchor?: string | undefined
    hsms: Readonly<Record<HsmId, Hsm>>
    gone: Readonly<Record<HsmId, GoneHsm>>
    /** Lanes that were ever given: never again (a handle is lane and counter). */
    lanes: ReadonlyArray<number>
    membership: Readonly<{ version: number; members: ReadonlyArray<HsmId> }>
    /** Oldest first. */
    backups: ReadonlyArray<ClusterBackup>
    /** Activation is due a backup ("AWS CloudHSM cluster backups"). */
    backupDue: boolean
  }>

/** All clusters of all accounts and Regions. */
export type ControlPlane = Readonly<{
  clusters: Readonly<Record<ClusterId, Cluster>>
  /** Host number given last in each subnet. */
  lastHosts: Readonly<Record<string, number>>
}>

export const emptyControlPlane: ControlPlane = { clusters: {}, lastHosts: {} }

/** A record read from a snapshot has lost its order: the order is that of creation. */
const byCreation =
  <A extends Readonly<{ createdAt: number }>>(idOf: (a: A) => string) =>
  (a: A, b: A): number =>
    a.createdAt - b.createdAt || (idOf(a) < idOf(b) ? -1 : 1)

export const hsmsOf = (cluster: Cluster): ReadonlyArray<Hsm> =>
  Object.values(cluster.hsms).sort(byCreation(({ hsmId }) => hsmId))

/** It has users and keys: those of a new cluster, or those of a backup. */
export const hasContent = ({ origin, serialNumber, restoredFrom }: Hsm): boolean =>
  restoredFrom !== undefined || (origin === 'first' && serialNumber !== undefined)

/**
 * The state as DescribeClusters prints it. AWS does not say what UPDATE_IN_PROGRESS and DEGRADED stand for; here: HSMs of
 * an ACTIVE cluster come or go, or one of them is not well. `showsTransitions` false: ACTIVE throughout.
 */
export const stateOf = (cluster: Cluster, showsTransitions = true): M.ClusterState => {
  if (cluster.phase !== 'ACTIVE' || !showsTransitions) return cluster.phase
  const states = new Set(hsmsOf(cluster).map(({ state }) => state))
  if (states.has('CREATE_IN_PROGRESS') || states.has('DELETE_IN_PROGRESS')) return 'UPDATE_IN_PROGRESS'
  return states.has('DEGRADED') ? 'DEGRADED' : 'ACTIVE'
}

export const isMember = (cluster: Cluster, hsmId: HsmId): boolean => cluster.membership.members.includes(hsmId)

export const allClusters = (plane: ControlPlane): ReadonlyArray<Cluster> =>
  Object.values(plane.clusters).sort(byCreation(({ clusterId }) => clusterId))

export const clustersOf = (plane: ControlPlane, { account, region }: M.World): ReadonlyArray<Cluster> =>
  allClusters(plane).filter((cluster) => cluster.account === account && cluster.region === region)

/** The cluster and the HSM that `hsmId` names, wherever it is. */
export const findHsm = (plane: ControlPlane, hsmId: HsmId): Readonly<{ cluster: Cluster; hsm: Hsm }> | undefined => {
  for (const cluster of Object.values(plane.clusters)) {
    const hsm = cluster.hsms[hsmId]
    if (hsm !== undefined) return { cluster, hsm }
  }
  return undefined
}

/** The one text of a state: two folds agree if and only if these do. */
export const canonicalControlPlane = (plane: ControlPlane): string => canonicalJson(plane)
