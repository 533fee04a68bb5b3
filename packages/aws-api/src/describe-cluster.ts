import type { Json } from '@hsmlab/event-sourcing'
import { type Cluster, type Hsm, hsmsOf, stateOf } from '@hsmlab/domain'

export const INITIALIZING = 'Cluster is initializing. State will change to INITIALIZED upon completion.'
const DELETING = 'The cluster is being deleted.'

const messageOf = ({ phase, stateMessage }: Cluster): string | undefined => {
  if (phase === 'INITIALIZE_IN_PROGRESS') return INITIALIZING
  return phase === 'DELETE_IN_PROGRESS' ? DELETING : stateMessage
}

/** Epoch seconds with milliseconds, as AWS JSON 1.1 writes timestamps. */
const timestamp = (micros: number): number => Math.round(micros / 1000) / 1000

/**
 * Before initialization those of the first HSM, once it is up, so that its identity can be verified; afterwards the
 * cluster's own.
 */
const certificatesOf = ({ phase, identity, certificate, hsms }: Cluster): Json => {
  if (phase === 'INITIALIZED' || phase === 'ACTIVE') {
    return certificate === undefined ? {} : { ClusterCertificate: certificate }
  }
  if (identity === undefined || hsms[identity.hsmId]?.state === 'CREATE_IN_PROGRESS') return {}
  const { clusterCsr, hsmCertificate, awsHardwareCertificate, manufacturerHardwareCertificate } = identity.certificates
  return {
    ClusterCsr: clusterCsr,
    HsmCertificate: hsmCertificate,
    AwsHardwareCertificate: awsHardwareCertificate,
    ManufacturerHardwareCertificate: manufacturerHardwareCertificate,
  }
}

/** API Reference: Hsm. */
export const describeHsm = ({ clusterId, hsmType }: Cluster, { hsmId, place, state, stateMessage }: Hsm): Json => ({
  AvailabilityZone: place.availabilityZone,
  ClusterId: clusterId,
  SubnetId: place.subnetId,
  EniId: place.eniId,
  EniIp: place.eniIp,
  EniIpV6: place.eniIpV6,
  HsmId: hsmId,
  HsmType: hsmType,
  State: state,
  StateMessage: stateMessage,
})

/** API Reference: Cluster. */
export const describeCluster = (cluster: Cluster, showsTransitions: boolean): Json => ({
  BackupPolicy: 'DEFAULT',
  BackupRetentionPolicy: { Type: 'DAYS', Value: String(cluster.backupRetentionDays) },
  Certificates: certificatesOf(cluster),
  ClusterId: cluster.clusterId,
  CreateTimestamp: timestamp(cluster.createdAt),
  HsmType: cluster.hsmType,
  Hsms: hsmsOf(cluster).map((hsm) => describeHsm(cluster, hsm)),
  Mode: cluster.mode,
  NetworkType: cluster.networkType,
  SecurityGroup: cluster.securityGroup,
  State: stateOf(cluster, showsTransitions),
  StateMessage: messageOf(cluster),
  SubnetMapping: Object.fromEntries(cluster.subnets.map((subnet) => [subnet.availabilityZone, subnet.subnetId])),
  TagList: cluster.tags.map(({ key, value }) => ({ Key: key, Value: value })),
  VpcId: cluster.vpcId,
})
