import type { Base64, Fact, Message, Tagged } from '@hsmlab/event-sourcing'
import type { AvailabilityZone, BackupId, ClusterId, HsmId } from '../identifiers.ts'

/** As DescribeClusters prints it; MODIFY and ROLLBACK come with ModifyCluster (API Reference: Cluster). */
export type ClusterState =
  | 'CREATE_IN_PROGRESS'
  | 'UNINITIALIZED'
  | 'INITIALIZE_IN_PROGRESS'
  | 'INITIALIZED'
  | 'ACTIVE'
  | 'UPDATE_IN_PROGRESS'
  | 'DEGRADED'
  | 'DELETE_IN_PROGRESS'
  | 'DELETED'
/** Where the cluster itself stands; UPDATE_IN_PROGRESS and DEGRADED are read off its HSMs. */
export type ClusterPhase = Exclude<ClusterState, 'UPDATE_IN_PROGRESS' | 'DEGRADED'>
export type HsmLifecycleState = 'CREATE_IN_PROGRESS' | 'ACTIVE' | 'DEGRADED' | 'DELETE_IN_PROGRESS'

export type ClusterMode = 'FIPS' | 'NON_FIPS'
export type NetworkType = 'IPV4' | 'DUALSTACK'
export type Tag = Readonly<{ key: string; value: string }>

/** A Region of an account: clusters, addresses and quotas of one know nothing of another's. */
export type World = Readonly<{ account: string; region: string }>
/** `networkPrefix` is the first three octets of its /24, with the dot. */
export type Subnet = Readonly<{ subnetId: string; availabilityZone: AvailabilityZone; networkPrefix: string }>
/** The network of a world, as the handler knows it. */
export type Vpc = Readonly<{ vpcId: string; subnets: ReadonlyArray<Subnet> }>

/** PEM; shown until the cluster is initialized ("Verify the identity and authenticity of your cluster's HSM …"). */
export type IdentityCertificateTexts = Readonly<{
  clusterCsr: string
  hsmCertificate: string
  awsHardwareCertificate: string
  manufacturerHardwareCertificate: string
}>

/** Where an HSM's content comes from: it is the first of its cluster, or a backup is restored on it. */
export type HsmOrigin = 'first' | 'backup'
export type HsmPlace = Readonly<{
  availabilityZone: AvailabilityZone
  subnetId: string
  eniId: string
  eniIp: string
  eniIpV6?: string | undefined
}>
export type HsmNaming = Readonly<{ hsmId: HsmId; eniId: string; lane: number }>
/** `digest` (SHA-256) and `size` are of the encrypted bytes; `position` that of the log of `hsmId` they hold. */
export type Backup = Readonly<{ backupId: BackupId; hsmId: HsmId; size: number; digest: Base64; position: number }>

type Moment = Readonly<{ at: number }>
type OfCluster = Readonly<{ clusterId: ClusterId }>
type OfHsm = OfCluster & Readonly<{ hsmId: HsmId }>

/** What a customer asks through the API. Ids and lanes are drawn by the handler; `at` is in wall microseconds. */
export type ClusterRequest =
  | Message<
      'CreateCluster',
      Moment &
        World &
        OfCluster & {
          hsmType: string
          mode: ClusterMode | undefined
          networkType: NetworkType
          subnetIds: ReadonlyArray<string>
          backupRetentionDays: number
          tags: ReadonlyArray<Tag>
          securityGroup: string
          vpc: Vpc
        }
    >
  | Message<
      'CreateHsm',
      Moment & World & OfCluster & HsmNaming & { availabilityZone: AvailabilityZone; ipAddress: string | undefined }
    >
  | Message<'InitializeCluster', Moment & World & OfCluster & { certificate: string; trustAnchor: string }>
  | Message<'DeleteHsm', Moment & World & OfCluster & { which: HsmReference }>
  | Message<'DeleteCluster', Moment & World & OfCluster>

export type HsmReference =
  | Readonly<{ by: 'HsmId'; value: string }>
  | Readonly<{ by: 'EniId'; value: string }>
  | Readonly<{ by: 'EniIp'; value: string }>

/** What the controller's own processes report. Outdated and repeated reports change nothing. */
export type ClusterReport =
  | Message<'CompleteClusterCreation', Moment & OfCluster>
  | Message<
      'RecordHsmProvisioning',
      Moment & OfHsm & { serialNumber: string; identityKey: Base64; certificates: IdentityCertificateTexts | undefined }
    >
  | Message<'RecordRestore', Moment & OfHsm & { backupId: BackupId }>
  | Message<'CompleteHsmCreation', Moment & OfHsm>
  | Message<'CompleteInitialization', Moment & OfCluster>
  | Message<'FailInitialization', Moment & OfCluster & { reason: string }>
  | Message<'RecordActivation', Moment & OfHsm>
  | Message<'RecordBackup', Moment & OfCluster & Backup>
  | Message<'RecordHandOver', Moment & OfHsm>
  | Message<'DismissHsm', Moment & OfHsm>
  | Message<'CompleteHsmDeletion', Moment & OfHsm>
  | Message<'RecordDecommission', Moment & OfHsm>
  | Message<'ReportHsmDegraded', Moment & OfHsm & { reason: string }>
  | Message<'ReportHsmRecovered', Moment & OfHsm>
  | Message<'ReplaceHsm', Moment & OfHsm & { replacementId: HsmId; lane: number }>
  | Message<'CompleteClusterDeletion', Moment & OfCluster>

export type ClusterCommand = ClusterRequest | ClusterReport

export type ClusterEvent =
  | Message<
      'ClusterCreationStarted',
      World &
        OfCluster & {
          hsmType: string
          mode: ClusterMode
          networkType: NetworkType
          vpcId: string
          subnets: ReadonlyArray<Subnet>
          securityGroup: string
          backupRetentionDays: number
          tags: ReadonlyArray<Tag>
        }
    >
  | Message<'ClusterCreated', OfCluster>
  | Message<'HsmCreationStarted', OfHsm & HsmPlace & { lane: number; origin: HsmOrigin }>
  /** `certificates` only from the first HSM of a cluster. */
  | Message<
      'HsmProvisioned',
      OfHsm & { serialNumber: string; identityKey: Base64; certificates?: IdentityCertificateTexts | undefined }
    >
  | Message<'HsmRestored', OfHsm & { backupId: BackupId }>
  /** `version` numbers the membership documents of the cluster; `members` are all HSMs that it names. */
  | Message<'MembershipChanged', OfCluster & { version: number; members: ReadonlyArray<HsmId> }>
  | Message<'HsmCreated', OfHsm>
  | Message<'ClusterInitializationStarted', OfCluster & { certificate: string; trustAnchor: string }>
  | Message<'ClusterInitialized', OfCluster>
  | Message<'ClusterInitializationFailed', OfCluster & { reason: string }>
  | Message<'ClusterActivated', OfHsm>
  | Message<'BackupTaken', OfCluster & Backup>
  | Message<'HsmDeletionStarted', OfHsm>
  | Message<'HsmHandedOver', OfHsm>
  | Message<'HsmDeleted', OfHsm>
  /** Its rack has destroyed what was left of it. */
  | Message<'HsmDecommissioned', OfHsm>
  | Message<'HsmDegraded', OfHsm & { reason: string }>
  | Message<'HsmRecovered', OfHsm>
  /** The network interface passes on; the old identity is fenced. */
  | Message<'HsmReplacementStarted', OfHsm & { replacementId: HsmId; lane: number; origin: HsmOrigin }>
  | Message<'ClusterDeletionStarted', OfCluster>
  | Message<'ClusterDeleted', OfCluster>

/** An event with the moment it was decided, in wall microseconds. */
export type ClusterFact = Fact<ClusterEvent>

export type ClusterRejection =
  | Tagged<'ClusterNotFound', { clusterId: string }>
  | Tagged<'ClusterLimitExceeded', { limit: number }>
  | Tagged<'HsmLimitExceeded', { limit: number }>
  | Tagged<'ClusterHsmLimitExceeded', { clusterId: ClusterId; limit: number }>
  | Tagged<'HsmTypeUnknown', { hsmType: string; known: ReadonlyArray<string> }>
  | Tagged<'HsmTypeRetired', { hsmType: string }>
  | Tagged<'ModeRequired', { hsmType: string }>
  | Tagged<'ModeUnsupported', { hsmType: string; mode: ClusterMode }>
  | Tagged<'NetworkTypeUnsupported', { hsmType: string; networkType: NetworkType }>
  | Tagged<'SubnetNotFound', { subnetId: string; known: ReadonlyArray<Subnet> }>
  | Tagged<'SubnetsShareZone', { availabilityZone: AvailabilityZone }>
  | Tagged<'ClusterNotActivated', { clusterId: ClusterId }>
  | Tagged<'ClusterStateForbids', { clusterId: ClusterId; state: ClusterState; operation: ClusterRequest['type'] }>
  | Tagged<'ZoneNotInCluster', { clusterId: ClusterId; availabilityZone: AvailabilityZone }>
  | Tagged<'AddressOutsideSubnet', { ipAddress: string; subnetId: string; cidr: string }>
  | Tagged<'AddressInUse', { ipAddress: string; subnetId: string }>
  | Tagged<'SubnetFull', { subnetId: string }>
  | Tagged<'BackupMissing', { clusterId: ClusterId }>
  | Tagged<'ClusterHasNoHsm', { clusterId: ClusterId }>
  | Tagged<'ClusterHasHsms', { clusterId: ClusterId; count: number }>
  | Tagged<'HsmNotFound', { clusterId: ClusterId; which: HsmReference }>
  | Tagged<'HsmStateForbids', { hsmId: HsmId; state: HsmLifecycleState }>
  /** Drawn before, for another HSM of the cluster: draw again. */
  | Tagged<'LaneTaken', { lane: number }>
  /** Drawn before: draw again. */
  | Tagged<'IdTaken', { id: string }>
