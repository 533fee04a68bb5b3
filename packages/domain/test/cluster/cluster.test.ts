import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { replay } from '@hsmlab/event-sourcing'
import { specify } from '@hsmlab/event-sourcing/spec'
import { type ClusterFact, clusterDecider, type ClusterId, hsmsOf, stateOf } from '../../src/index.ts'
import {
  active,
  backup,
  backupId,
  backupTaken,
  certificates,
  clusterId,
  createCluster,
  createHsm,
  creating,
  deleteCluster,
  deleteHsm,
  fact,
  first,
  hsmStarted,
  initialize,
  initialized,
  initializing,
  members,
  provisioned,
  report,
  second,
  third,
  uninitialized,
  vpc,
  withFirstHsm,
  withSecondHsm,
  zoneB,
} from './samples.ts'

const decider = clusterDecider()
const { given } = specify(decider)
const clusterAfter = (history: ReadonlyArray<ClusterFact>) => {
  const cluster = replay(decider, history).clusters[clusterId]
  if (cluster === undefined) throw new Error('the sample has no cluster')
  return cluster
}
const other = 'cluster-bbbbbbbbbbb' as ClusterId

// CreateCluster
test(
  'a cluster begins in CREATE_IN_PROGRESS',
  given()
    .when(createCluster)
    .thenEvents(...creating),
)
test(
  'hsm2m.medium must be told its mode',
  given()
    .when({ ...createCluster, mode: undefined })
    .thenRejected({ _tag: 'ModeRequired', hsmType: 'hsm2m.medium' }),
)
test(
  'hsm1.medium makes no new clusters',
  given()
    .when({ ...createCluster, hsmType: 'hsm1.medium' })
    .thenRejected({ _tag: 'HsmTypeRetired', hsmType: 'hsm1.medium' }),
)
test(
  'an unknown HSM type is refused with the known ones',
  given()
    .when({ ...createCluster, hsmType: 'hsm9.huge' })
    .thenRejected({ _tag: 'HsmTypeUnknown', hsmType: 'hsm9.huge', known: ['hsm1.medium', 'hsm2m.medium'] }),
)
test(
  'a subnet must exist',
  given()
    .when({ ...createCluster, subnetIds: ['subnet-0123456789abcdef0'] })
    .thenRejected({ _tag: 'SubnetNotFound', subnetId: 'subnet-0123456789abcdef0', known: vpc.subnets }),
)
const subnetA = vpc.subnets[0]?.subnetId ?? ''
test(
  'a cluster has one subnet in a zone',
  given()
    .when({ ...createCluster, subnetIds: [subnetA, subnetA] })
    .thenRejected({ _tag: 'SubnetsShareZone', availabilityZone: 'us-east-1a' as never }),
)
test('a fifth cluster exceeds the account', (t) => {
  const tight = clusterDecider({ clustersPerWorld: 1, hsmsPerWorld: 6 })
  const state = replay(tight, uninitialized)
  t.deepEqual(
    tight.decide({ ...createCluster, clusterId: other }, state),
    E.left({ _tag: 'ClusterLimitExceeded' as const, limit: 1 }),
  )
  const elsewhere = { ...createCluster, clusterId: other, region: 'eu-west-1', subnetIds: [] }
  t.true(E.isRight(tight.decide(elsewhere, state)))
})
test(
  'an id that was drawn before is not used again',
  given(...creating)
    .when(createCluster)
    .thenRejected({ _tag: 'IdTaken', id: clusterId }),
)
test(
  'a created cluster is UNINITIALIZED',
  given(...creating)
    .when(report('CompleteClusterCreation'))
    .thenEvents(fact({ type: 'ClusterCreated', clusterId })),
)
test(
  'the creation is completed once',
  given(...uninitialized)
    .when(report('CompleteClusterCreation'))
    .thenEvents(),
)

// CreateHsm
test(
  'an uninitialized cluster takes its first HSM',
  given(...uninitialized)
    .when(createHsm(first, 1))
    .thenEvents(fact(hsmStarted(first, 1, 10, 'first'))),
)
test(
  'a second HSM waits for activation',
  given(...withFirstHsm)
    .when(createHsm(second, 2))
    .thenRejected({ _tag: 'ClusterNotActivated', clusterId }),
)
test(
  'a second HSM of an initialized cluster waits for activation too',
  given(...initialized)
    .when(createHsm(second, 2))
    .thenRejected({ _tag: 'ClusterNotActivated', clusterId }),
)
test(
  'a cluster that is being created takes no HSM',
  given(...creating)
    .when(createHsm(first, 1))
    .thenRejected({ _tag: 'ClusterStateForbids', clusterId, state: 'CREATE_IN_PROGRESS', operation: 'CreateHsm' }),
)
test(
  'an active cluster takes a second HSM at the next address',
  given(...active)
    .when(createHsm(second, 2))
    .thenEvents(fact(hsmStarted(second, 2, 11, 'backup'))),
)
test(
  'the address asked for is given',
  given(...active)
    .when(createHsm(second, 2, { ipAddress: '10.0.1.77' }))
    .thenEvents(fact(hsmStarted(second, 2, 77, 'backup'))),
)
test(
  'an address in use is refused',
  given(...active)
    .when(createHsm(second, 2, { ipAddress: '10.0.1.10' }))
    .thenRejected({ _tag: 'AddressInUse', ipAddress: '10.0.1.10', subnetId: subnetA }),
)
for (const ipAddress of ['10.0.2.10', '10.0.1.3', '10.0.1.255', '10.0.1.256', '10.0.1.010', '010.0.1.10']) {
  test(
    `the address ${ipAddress} is not one of 10.0.1.0/24 that an ENI may have`,
    given(...active)
      .when(createHsm(second, 2, { ipAddress }))
      .thenRejected({ _tag: 'AddressOutsideSubnet', ipAddress, subnetId: subnetA, cidr: '10.0.1.0/24' }),
  )
}
test(
  'a zone without a subnet of the cluster is refused',
  given(...active)
    .when(createHsm(second, 2, { availabilityZone: 'us-east-1f' as never }))
    .thenRejected({ _tag: 'ZoneNotInCluster', clusterId, availabilityZone: 'us-east-1f' as never }),
)
test(
  'a lane is never given twice',
  given(...active)
    .when(createHsm(second, 1))
    .thenRejected({ _tag: 'LaneTaken', lane: 1 }),
)
test(
  'a cluster of another account is not found',
  given(...active)
    .when({ ...createHsm(second, 2), account: '111111111111' })
    .thenRejected({ _tag: 'ClusterNotFound', clusterId }),
)
test(
  'a cluster of another Region is not found',
  given(...active)
    .when({ ...createHsm(second, 2), region: 'eu-west-1' })
    .thenRejected({ _tag: 'ClusterNotFound', clusterId }),
)
test('the account has six HSMs', (t) => {
  const tight = clusterDecider({ clustersPerWorld: 4, hsmsPerWorld: 1 })
  t.deepEqual(
    tight.decide(createHsm(second, 2), replay(tight, active)),
    E.left({ _tag: 'HsmLimitExceeded' as const, limit: 1 }),
  )
})
test(
  'the first HSM shows its certificates and is a member at once',
  given(...uninitialized, fact(hsmStarted(first, 1, 10, 'first')))
    .when(report('RecordHsmProvisioning', { hsmId: first, serialNumber: '5.0:1', identityKey: 'AAAA', certificates }))
    .thenEvents(
      fact({ ...(provisioned(first) as Extract<ClusterFact['event'], { type: 'HsmProvisioned' }>), certificates }),
      fact(members(1, first)),
    ),
)
test(
  'a provisioning that is reported twice is recorded once',
  given(...withFirstHsm)
    .when(report('RecordHsmProvisioning', { hsmId: first, serialNumber: 'x', identityKey: 'AAAA', certificates }))
    .thenEvents(),
)
const restoring = [...active, fact(hsmStarted(second, 2, 11, 'backup')), fact(provisioned(second))]
test(
  'a further HSM becomes a member when the backup is restored on it',
  given(...restoring)
    .when(report('RecordRestore', { hsmId: second, backupId }))
    .thenEvents(fact({ type: 'HsmRestored', clusterId, hsmId: second, backupId }), fact(members(2, first, second))),
)
test(
  'an HSM without content is not complete',
  given(...restoring)
    .when(report('CompleteHsmCreation', { hsmId: second }))
    .thenEvents(),
)

// InitializeCluster
test(
  'a cluster with its first HSM can be initialized',
  given(...withFirstHsm)
    .when(initialize)
    .thenEvents(...initializing.slice(-1)),
)
test(
  'a cluster without an HSM cannot be initialized',
  given(...uninitialized)
    .when(initialize)
    .thenRejected({ _tag: 'ClusterHasNoHsm', clusterId }),
)
test(
  'a cluster is initialized once',
  given(...initialized)
    .when(initialize)
    .thenRejected({ _tag: 'ClusterStateForbids', clusterId, state: 'INITIALIZED', operation: 'InitializeCluster' }),
)
test('an HSM that refuses the certificate brings the cluster back to UNINITIALIZED, with a message', (t) => {
  const failed = clusterAfter([
    ...initializing,
    fact({ type: 'ClusterInitializationFailed', clusterId, reason: 'not my key' }),
  ])
  t.is(failed.phase, 'UNINITIALIZED')
  t.is(failed.stateMessage, 'not my key')
  t.deepEqual(failed.identity?.certificates, certificates)
  t.is(failed.certificate, undefined)
})
test('an initialized cluster shows its certificate and no longer those of the HSM', (t) => {
  const cluster = clusterAfter(initialized)
  t.is(cluster.certificate, 'CERT')
  t.is(cluster.identity, undefined)
})
test(
  'activation is seen on an initialized cluster only',
  given(...active)
    .when(report('RecordActivation', { hsmId: first }))
    .thenEvents(),
)
test('an activated cluster is due a backup', (t) => {
  t.true(clusterAfter(active.slice(0, -1)).backupDue)
  t.false(clusterAfter(active).backupDue)
})

// DeleteHsm
for (const which of [
  { by: 'HsmId', value: first },
  { by: 'EniId', value: 'eni-00000000000000001' },
  { by: 'EniIp', value: '10.0.1.10' },
] as const) {
  test(
    `an HSM can be deleted by its ${which.by}`,
    given(...active)
      .when({ ...deleteHsm(first), which })
      .thenEvents(fact({ type: 'HsmDeletionStarted', clusterId, hsmId: first })),
  )
}
test(
  'an HSM of another cluster is not found',
  given(...active)
    .when(deleteHsm(third))
    .thenRejected({ _tag: 'HsmNotFound', clusterId, which: { by: 'HsmId', value: third } }),
)
const deleting = [...withSecondHsm, fact({ type: 'HsmDeletionStarted', clusterId, hsmId: first })]
test(
  'an HSM on its way out cannot be deleted again',
  given(...deleting)
    .when(deleteHsm(first))
    .thenRejected({ _tag: 'HsmStateForbids', hsmId: first, state: 'DELETE_IN_PROGRESS' }),
)
test(
  'no HSM goes while the cluster takes its certificate',
  given(...initializing)
    .when(deleteHsm(first))
    .thenRejected({ _tag: 'ClusterStateForbids', clusterId, state: 'INITIALIZE_IN_PROGRESS', operation: 'DeleteHsm' }),
)
test(
  'an HSM leaves the membership before it is gone',
  given(...deleting)
    .when(report('CompleteHsmDeletion', { hsmId: first }))
    .thenEvents(),
)
test(
  'a dismissed HSM is no member',
  given(...deleting)
    .when(report('DismissHsm', { hsmId: first }))
    .thenEvents(fact(members(3, second))),
)
test('a cluster whose last HSM is deleted stays ACTIVE and takes a new HSM from its backup', (t) => {
  const emptied = [
    ...active,
    ...[
      { type: 'HsmDeletionStarted', clusterId, hsmId: first } as const,
      members(2),
      { type: 'HsmDeleted', clusterId, hsmId: first } as const,
    ].map(fact),
  ]
  t.is(stateOf(clusterAfter(emptied)), 'ACTIVE')
  t.deepEqual(
    decider.decide(createHsm(second, 2), replay(decider, emptied)),
    E.right([fact(hsmStarted(second, 2, 11, 'backup'))]),
  )
})
test('an uninitialized cluster loses its CSR with its only HSM', (t) => {
  const emptied = [...withFirstHsm, fact({ type: 'HsmDeleted', clusterId, hsmId: first })]
  t.is(clusterAfter(emptied).identity, undefined)
})

// DeleteCluster
test(
  'a cluster with HSMs cannot be deleted',
  given(...active)
    .when(deleteCluster)
    .thenRejected({ _tag: 'ClusterHasHsms', clusterId, count: 1 }),
)
test(
  'a cluster without HSMs is deleted',
  given(...uninitialized)
    .when(deleteCluster)
    .thenEvents(fact({ type: 'ClusterDeletionStarted', clusterId })),
)
test(
  'a deleted cluster is not found',
  given(
    ...uninitialized,
    fact({ type: 'ClusterDeletionStarted', clusterId }),
    fact({ type: 'ClusterDeleted', clusterId }),
  )
    .when(deleteCluster)
    .thenRejected({ _tag: 'ClusterNotFound', clusterId }),
)

// Health and replacement
const degraded = [...withSecondHsm, fact({ type: 'HsmDegraded', clusterId, hsmId: second, reason: 'silent' })]
test('a cluster is DEGRADED while one of its HSMs is, and UPDATE_IN_PROGRESS while one comes or goes', (t) => {
  t.is(stateOf(clusterAfter(withSecondHsm)), 'ACTIVE')
  t.is(stateOf(clusterAfter(degraded)), 'DEGRADED')
  t.is(stateOf(clusterAfter(deleting)), 'UPDATE_IN_PROGRESS')
  t.is(stateOf(clusterAfter(deleting), false), 'ACTIVE')
})
test(
  'an HSM that recovers is ACTIVE again',
  given(...degraded)
    .when(report('ReportHsmRecovered', { hsmId: second }))
    .thenEvents(fact({ type: 'HsmRecovered', clusterId, hsmId: second })),
)
const replaceSecond = report('ReplaceHsm', { hsmId: second, replacementId: third, lane: 3 })
test(
  'an HSM that is well is not replaced',
  given(...withSecondHsm)
    .when(replaceSecond)
    .thenEvents(),
)
test('a replacement has a new name and lane at the old address', (t) => {
  const decision = decider.decide(replaceSecond, replay(decider, degraded))
  const events = E.isRight(decision) ? decision.right : []
  const cluster = clusterAfter([...degraded, ...events])
  const hsm = cluster.hsms[third]
  t.deepEqual(cluster.membership, { version: 3, members: [first] })
  t.deepEqual(hsm?.place, clusterAfter(degraded).hsms[second]?.place)
  t.is(hsm?.state, 'CREATE_IN_PROGRESS')
  t.is(hsm?.lane, 3)
  t.false(cluster.gone[second]?.decommissioned)
  t.deepEqual(
    hsmsOf(cluster).map(({ hsmId }) => hsmId),
    [first, third],
  )
})
test(
  'a backup is recorded once',
  given(...active)
    .when(report('RecordBackup', backup))
    .thenEvents(),
)
test(
  'a backup of an HSM that is gone meanwhile is still one',
  given(...initialized.slice(0, -1), fact({ type: 'HsmDeleted', clusterId, hsmId: first }))
    .when(report('RecordBackup', backup))
    .thenEvents(fact(backupTaken)),
)
test('addresses of a world go round, so that a new HSM gets another address', (t) => {
  const state = replay(decider, [...active, fact(hsmStarted(second, 2, 254, 'backup'))])
  const decision = decider.decide(createHsm(third, 3, { availabilityZone: 'us-east-1a' as never }), state)
  t.deepEqual(decision, E.right([fact(hsmStarted(third, 3, 4, 'backup'))]))
})
test('each zone has its own subnet', (t) => {
  const decision = decider.decide(createHsm(second, 2, { availabilityZone: zoneB }), replay(decider, active))
  const [started] = E.isRight(decision) ? decision.right : []
  t.like(started?.event, { availabilityZone: 'us-east-1b', eniIp: '10.0.2.10' })
})
