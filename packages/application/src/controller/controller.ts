import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import type {
  AvailabilityZone,
  Cluster,
  ClusterId,
  ClusterMode,
  ClusterRejection,
  ControlPlane,
  HsmId,
  HsmReference,
  NetworkType,
  Tag,
  Vpc,
  World,
} from '@hsmlab/domain'
import type { CertificateRejection, Unsubscribe } from '@hsmlab/ports'
import type { HsmDescription, SignedMembership } from '@hsmlab/protocol'
import type { EventStore } from '../event-store/event-store.ts'

/** The log takes no more, or not now: whether the request took effect is not known. */
export type ControllerUnavailable = Tagged<'ControllerUnavailable'>
export type ControllerRefusal = ClusterRejection | CertificateRejection | ControllerUnavailable

export type CreateClusterRequest = Readonly<{
  hsmType: string
  mode?: ClusterMode | undefined
  networkType?: NetworkType | undefined
  subnetIds: ReadonlyArray<string>
  /** 7 to 379; default 90. */
  backupRetentionDays?: number | undefined
  tags?: ReadonlyArray<Tag> | undefined
}>

export type CreateHsmRequest = Readonly<{
  clusterId: ClusterId
  availabilityZone: AvailabilityZone
  ipAddress?: string | undefined
}>

/** PEM texts. */
export type InitializeClusterRequest = Readonly<{ clusterId: ClusterId; signedCert: string; trustAnchor: string }>

/** What the controller has last heard of an HSM; not on any log. */
export type HsmSighting = Readonly<{
  /** `undefined` until its rack has answered once. */
  description: HsmDescription | undefined
  /** Its rack does not answer, or does not know it running. */
  isSilent: boolean
}>

/**
 * The control plane of one product instance. An answer leaves when what it says is on the disk. Requests are those of
 * the API of the same name ("AWS CloudHSM API Reference"); they answer with the cluster as it then is.
 */
export interface Controller {
  readonly createCluster: (world: World, request: CreateClusterRequest) => TaskEither<ControllerRefusal, Cluster>
  /** Answers with the id of the new HSM too. */
  readonly createHsm: (
    world: World,
    request: CreateHsmRequest,
  ) => TaskEither<ControllerRefusal, Readonly<{ cluster: Cluster; hsmId: HsmId }>>
  /** Verifies the certificates before anything else happens to the cluster. */
  readonly initializeCluster: (
    world: World,
    request: InitializeClusterRequest,
  ) => TaskEither<ControllerRefusal, Cluster>
  readonly deleteHsm: (
    world: World,
    request: Readonly<{ clusterId: ClusterId; which: HsmReference }>,
  ) => TaskEither<ControllerRefusal, Readonly<{ hsmId: HsmId }>>
  readonly deleteCluster: (
    world: World,
    request: Readonly<{ clusterId: ClusterId }>,
  ) => TaskEither<ControllerRefusal, Cluster>
  /** Clusters of a world as DescribeClusters lists them, oldest first; deleted ones for a while. */
  readonly clusters: (world: World) => ReadonlyArray<Cluster>
  readonly showsTransitions: boolean
  /** The network in which a world's clusters stand. */
  readonly vpc: (world: World) => Vpc

  /** What the durable log folds to, and its length. */
  readonly state: () => Readonly<{ plane: ControlPlane; position: number }>
  /** The controller's log: to be read, not to be written. */
  readonly store: Pick<EventStore, 'durableHead' | 'read'>
  readonly sighting: (hsmId: HsmId) => HsmSighting | undefined
  /** The newest membership of a cluster, signed. */
  readonly membership: (clusterId: ClusterId) => SignedMembership | undefined
  /** Asks a zone's rack now, not in its turn. */
  readonly look: (availabilityZone: AvailabilityZone) => void
  /** Called whenever durable state or a sighting has changed. */
  readonly onChange: (listener: () => void) => Unsubscribe
  /** Called once, when the log takes no more: the owner closes this controller and opens it anew. */
  readonly onStopped: (listener: () => void) => Unsubscribe
  /** Finishes no step, but leaves none half recorded: what is under way is repeated by the next controller. */
  readonly close: () => Promise<void>
}
