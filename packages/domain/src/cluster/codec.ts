import * as t from 'io-ts'
import { Base64Codec, eventCodec, type FactCodec, factCodec, versioned } from '@hsmlab/event-sourcing'
import { AvailabilityZoneCodec, BackupIdCodec, ClusterIdCodec, HsmIdCodec } from '../identifiers.ts'
import type { ClusterEvent } from './messages.ts'

const OfCluster = { clusterId: ClusterIdCodec }
const OfHsm = { ...OfCluster, hsmId: HsmIdCodec }
const Origin = t.keyof({ first: null, backup: null })
const Mode = t.keyof({ FIPS: null, NON_FIPS: null })
const Network = t.keyof({ IPV4: null, DUALSTACK: null })

const Certificates = t.strict({
  clusterCsr: t.string,
  hsmCertificate: t.string,
  awsHardwareCertificate: t.string,
  manufacturerHardwareCertificate: t.string,
})

const ClusterCreationStartedV1 = t.strict({
  ...OfCluster,
  account: t.string,
  region: t.string,
  hsmType: t.string,
  mode: Mode,
  networkType: Network,
  vpcId: t.string,
  subnets: t.readonlyArray(
    t.strict({ subnetId: t.string, availabilityZone: AvailabilityZoneCodec, networkPrefix: t.string }),
  ),
  securityGroup: t.string,
  backupRetentionDays: t.number,
  tags: t.readonlyArray(t.strict({ key: t.string, value: t.string })),
})

const HsmCreationStartedV1 = t.intersection([
  t.strict({
    ...OfHsm,
    availabilityZone: AvailabilityZoneCodec,
    subnetId: t.string,
    eniId: t.string,
    eniIp: t.string,
    lane: t.number,
    origin: Origin,
  }),
  t.exact(t.partial({ eniIpV6: t.string })),
])

const HsmProvisionedV1 = t.intersection([
  t.strict({ ...OfHsm, serialNumber: t.string, identityKey: Base64Codec }),
  t.exact(t.partial({ certificates: Certificates })),
])

const codecs = [
  versioned('ClusterCreationStarted', 1, ClusterCreationStartedV1),
  versioned('ClusterCreated', 1, t.strict(OfCluster)),
  versioned('HsmCreationStarted', 1, HsmCreationStartedV1),
  versioned('HsmProvisioned', 1, HsmProvisionedV1),
  versioned('HsmRestored', 1, t.strict({ ...OfHsm, backupId: BackupIdCodec })),
  versioned(
    'MembershipChanged',
    1,
    t.strict({ ...OfCluster, version: t.number, members: t.readonlyArray(HsmIdCodec) }),
  ),
  versioned('HsmCreated', 1, t.strict(OfHsm)),
  versioned(
    'ClusterInitializationStarted',
    1,
    t.strict({ ...OfCluster, certificate: t.string, trustAnchor: t.string }),
  ),
  versioned('ClusterInitialized', 1, t.strict(OfCluster)),
  versioned('ClusterInitializationFailed', 1, t.strict({ ...OfCluster, reason: t.string })),
  versioned('ClusterActivated', 1, t.strict(OfHsm)),
  versioned(
    'BackupTaken',
    1,
    t.strict({ ...OfHsm, backupId: BackupIdCodec, size: t.number, digest: Base64Codec, position: t.number }),
  ),
  versioned('HsmDeletionStarted', 1, t.strict(OfHsm)),
  versioned('HsmHandedOver', 1, t.strict(OfHsm)),
  versioned('HsmDeleted', 1, t.strict(OfHsm)),
  versioned('HsmDecommissioned', 1, t.strict(OfHsm)),
  versioned('HsmDegraded', 1, t.strict({ ...OfHsm, reason: t.string })),
  versioned('HsmRecovered', 1, t.strict(OfHsm)),
  versioned(
    'HsmReplacementStarted',
    1,
    t.strict({ ...OfHsm, replacementId: HsmIdCodec, lane: t.number, origin: Origin }),
  ),
  versioned('ClusterDeletionStarted', 1, t.strict(OfCluster)),
  versioned('ClusterDeleted', 1, t.strict(OfCluster)),
]

const facts = factCodec('ClusterFact', eventCodec<ClusterEvent>(codecs))

/** A fact as it lies on the controller's log. It holds no secret. */
export const encodeClusterFact: FactCodec<ClusterEvent>['encode'] = facts.encode

/** Reads every version that was ever written. */
export const decodeClusterFact: FactCodec<ClusterEvent>['decode'] = facts.decode
