import { type Base64 } from '@hsmlab/event-sourcing'
import {
  type AvailabilityZone,
  type BackupId,
  type ClusterCommand,
  type ClusterEvent,
  type ClusterFact,
  type ClusterId,
  type ClusterReport,
  defaultVpc,
  type HsmId,
} from '../../src/index.ts'

export const world = { account: '000000000000', region: 'us-east-1' }
export const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c'].map((zone) => zone as AvailabilityZone)
export const vpc = defaultVpc(world, zones)
export const [zoneA, zoneB] = zones as [AvailabilityZone, AvailabilityZone]
export const clusterId = 'cluster-aaaaaaaaaaa' as ClusterId
export const first = 'hsm-aaaaaaaaaaa' as HsmId
export const second = 'hsm-bbbbbbbbbbb' as HsmId
export const third = 'hsm-ccccccccccc' as HsmId
export const backupId = 'backup-aaaaaaaaaaa' as BackupId
const base64 = (text: string) => text as Base64

export const certificates = {
  clusterCsr: 'CSR',
  hsmCertificate: 'HSM',
  awsHardwareCertificate: 'AWS',
  manufacturerHardwareCertificate: 'MAKER',
}

type CreateCluster = Extract<ClusterCommand, { type: 'CreateCluster' }>
type CreateHsm = Extract<ClusterCommand, { type: 'CreateHsm' }>

export const createCluster: CreateCluster = {
  type: 'CreateCluster',
  at: 1,
  ...world,
  clusterId,
  hsmType: 'hsm2m.medium',
  mode: 'FIPS',
  networkType: 'IPV4',
  subnetIds: vpc.subnets.map(({ subnetId }) => subnetId),
  backupRetentionDays: 90,
  tags: [],
  securityGroup: 'sg-00000000000000001',
  vpc,
}

export const createHsm = (hsmId: HsmId, lane: number, more: Partial<CreateHsm> = {}): CreateHsm => ({
  type: 'CreateHsm',
  at: 1,
  ...world,
  clusterId,
  hsmId,
  eniId: `eni-0000000000000000${lane}`,
  lane,
  availabilityZone: zoneA,
  ipAddress: undefined,
  ...more,
})

export const initialize = {
  type: 'InitializeCluster',
  at: 1,
  ...world,
  clusterId,
  certificate: 'CERT',
  trustAnchor: 'CA',
} as const

export const deleteHsm = (hsmId: string) =>
  ({ type: 'DeleteHsm', at: 1, ...world, clusterId, which: { by: 'HsmId', value: hsmId } }) as const
export const deleteCluster = { type: 'DeleteCluster', at: 1, ...world, clusterId } as const

export const report = <Type extends ClusterReport['type']>(type: Type, more: object = {}): ClusterReport =>
  ({ type, at: 1, clusterId, ...more }) as unknown as ClusterReport

export const fact = (event: ClusterEvent): ClusterFact => ({ at: 1, event })

const creationStarted: ClusterEvent = {
  type: 'ClusterCreationStarted',
  ...world,
  clusterId,
  hsmType: 'hsm2m.medium',
  mode: 'FIPS',
  networkType: 'IPV4',
  vpcId: vpc.vpcId,
  subnets: vpc.subnets,
  securityGroup: 'sg-00000000000000001',
  backupRetentionDays: 90,
  tags: [],
}

export const hsmStarted = (hsmId: HsmId, lane: number, host: number, origin: 'first' | 'backup'): ClusterEvent => ({
  type: 'HsmCreationStarted',
  clusterId,
  hsmId,
  availabilityZone: zoneA,
  subnetId: vpc.subnets[0]?.subnetId ?? '',
  eniId: `eni-0000000000000000${lane}`,
  eniIp: `10.0.1.${host}`,
  lane,
  origin,
})

export const provisioned = (hsmId: HsmId): ClusterEvent => ({
  type: 'HsmProvisioned',
  clusterId,
  hsmId,
  serialNumber: '5.0:1',
  identityKey: base64('AAAA'),
})

export const members = (version: number, ...hsmIds: ReadonlyArray<HsmId>): ClusterEvent => ({
  type: 'MembershipChanged',
  clusterId,
  version,
  members: hsmIds,
})

export const backup = { backupId, hsmId: first, size: 3, digest: base64('AAAA'), position: 7 }
export const backupTaken: ClusterEvent = { type: 'BackupTaken', clusterId, ...backup }

/** A cluster's life in chapters; each test takes as many as it needs. */
export const creating: ReadonlyArray<ClusterFact> = [fact(creationStarted)]
export const uninitialized: ReadonlyArray<ClusterFact> = [...creating, fact({ type: 'ClusterCreated', clusterId })]
export const withFirstHsm: ReadonlyArray<ClusterFact> = [
  ...uninitialized,
  ...[
    hsmStarted(first, 1, 10, 'first'),
    { ...provisioned(first), certificates } as ClusterEvent,
    members(1, first),
    { type: 'HsmCreated', clusterId, hsmId: first } as const,
  ].map(fact),
]
export const initializing: ReadonlyArray<ClusterFact> = [
  ...withFirstHsm,
  fact({ type: 'ClusterInitializationStarted', clusterId, certificate: 'CERT', trustAnchor: 'CA' }),
]
export const initialized: ReadonlyArray<ClusterFact> = [
  ...initializing,
  fact({ type: 'ClusterInitialized', clusterId }),
]
export const active: ReadonlyArray<ClusterFact> = [
  ...initialized,
  fact({ type: 'ClusterActivated', clusterId, hsmId: first }),
  fact(backupTaken),
]
export const withSecondHsm: ReadonlyArray<ClusterFact> = [
  ...active,
  ...[
    hsmStarted(second, 2, 11, 'backup'),
    provisioned(second),
    { type: 'HsmRestored', clusterId, hsmId: second, backupId } as const,
    members(2, first, second),
    { type: 'HsmCreated', clusterId, hsmId: second } as const,
  ].map(fact),
]
