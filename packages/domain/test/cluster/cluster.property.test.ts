import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { replay } from '@hsmlab/event-sourcing'
import {
  canonicalControlPlane,
  type ClusterCommand,
  clusterDecider,
  type ClusterFact,
  type ClusterId,
  decodeClusterFact,
  encodeClusterFact,
  type HsmId,
  hsmsOf,
  isMember,
} from '../../src/index.ts'
import {
  active,
  backup,
  certificates,
  createCluster,
  createHsm,
  deleteCluster,
  deleteHsm,
  initialize,
  withFirstHsm,
  withSecondHsm,
  zones,
} from './samples.ts'

const limits = { clustersPerWorld: 2, hsmsPerWorld: 4 }
const decider = clusterDecider(limits)

const clusterId = fc.constantFrom('a', 'b', 'c').map((letter) => `cluster-${letter.repeat(11)}` as ClusterId)
const hsmId = fc.constantFrom(...'abcdefg').map((letter) => `hsm-${letter.repeat(11)}` as HsmId)
const lane = fc.integer({ min: 1, max: 12 })
const region = fc.constantFrom('us-east-1', 'us-east-1', 'us-east-1', 'eu-west-1')
const zone = fc.constantFrom(...zones)
const clusterReports = [
  'CompleteClusterCreation',
  'CompleteInitialization',
  'FailInitialization',
  'CompleteClusterDeletion',
] as const
const hsmReports = [
  'RecordHsmProvisioning',
  'RecordRestore',
  'CompleteHsmCreation',
  'RecordActivation',
  'RecordBackup',
  'RecordHandOver',
  'DismissHsm',
  'CompleteHsmDeletion',
  'RecordDecommission',
  'ReportHsmDegraded',
  'ReportHsmRecovered',
  'ReplaceHsm',
] as const

const facts = { serialNumber: '1', identityKey: 'AAAA', certificates, reason: 'why' }
const report = fc
  .oneof(
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom(...clusterReports), clusterId }) },
    {
      weight: 4,
      arbitrary: fc
        .record({ type: fc.constantFrom(...hsmReports), clusterId, hsmId, replacementId: hsmId, lane })
        .map((drawn) => ({ ...backup, ...facts, ...drawn })),
    },
  )
  .map((drawn) => ({ at: 1, ...facts, ...drawn }) as unknown as ClusterCommand)

const command: fc.Arbitrary<ClusterCommand> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ clusterId, region }).map((drawn) => ({ ...createCluster, ...drawn })) },
  {
    weight: 3,
    arbitrary: fc
      .record({ clusterId, region, hsmId, lane, zone })
      .map(({ hsmId, lane, zone, ...drawn }) => ({ ...createHsm(hsmId, lane, { availabilityZone: zone }), ...drawn })),
  },
  { weight: 1, arbitrary: fc.record({ clusterId, region }).map((drawn) => ({ ...initialize, ...drawn })) },
  { weight: 1, arbitrary: fc.tuple(clusterId, hsmId).map(([id, hsm]) => ({ ...deleteHsm(hsm), clusterId: id })) },
  { weight: 1, arbitrary: clusterId.map((id) => ({ ...deleteCluster, clusterId: id })) },
  { weight: 12, arbitrary: report },
)
const manyCommands = fc.array(command, { maxLength: 120, size: 'max' })

/** The log that `commands` leave behind; a rejected command leaves nothing. */
const logAfter = (
  commands: ReadonlyArray<ClusterCommand>,
  before: ReadonlyArray<ClusterFact> = [],
): ReadonlyArray<ClusterFact> => {
  const log = [...before]
  let state = replay(decider, log)
  for (const next of commands) {
    const decision = decider.decide(next, state)
    for (const fact of E.isRight(decision) ? decision.right : []) {
      log.push(fact)
      state = decider.evolve(state, fact)
    }
  }
  return log
}

/** Random walks rarely get as far as an active cluster: some begin there. */
const history = fc
  .record({ before: fc.constantFrom([], withFirstHsm, active, withSecondHsm), commands: manyCommands })
  .map(({ before, commands }) => logAfter(commands, before))

testProp('no commands push a world past its quotas, or two HSMs onto one address', [history], (t, log) => {
  const { clusters } = replay(decider, log)
  for (const region of ['us-east-1', 'eu-west-1']) {
    const own = Object.values(clusters).filter((cluster) => cluster.region === region)
    const hsms = own.flatMap(hsmsOf)
    t.true(own.filter(({ phase }) => phase !== 'DELETED').length <= limits.clustersPerWorld)
    t.true(hsms.length <= limits.hsmsPerWorld)
    t.is(new Set(hsms.map(({ place }) => place.eniIp)).size, hsms.length)
  }
})

testProp('a lane is given once in the life of a cluster, an HSM id once at all', [history], (t, log) => {
  const names = log.flatMap(({ event }) => {
    if (event.type === 'HsmCreationStarted') return [{ id: event.hsmId, lane: `${event.clusterId} ${event.lane}` }]
    if (event.type !== 'HsmReplacementStarted') return []
    return [{ id: event.replacementId, lane: `${event.clusterId} ${event.lane}` }]
  })
  t.is(new Set(names.map(({ id }) => id)).size, names.length)
  t.is(new Set(names.map(({ lane }) => lane)).size, names.length)
})

testProp('a report that comes again adds no event', [history, report], (t, log, again) => {
  const once = logAfter([again], log)
  // A recovery may follow a degradation again, but no report follows itself.
  t.deepEqual(logAfter([again], once), once)
})

testProp('membership versions grow by one, and members are HSMs of their cluster', [history], (t, log) => {
  const flaws: string[] = []
  let state = replay(decider, [])
  for (const fact of log) {
    const before = state.clusters[fact.event.clusterId]?.membership.version ?? 0
    state = decider.evolve(state, fact)
    if (fact.event.type === 'MembershipChanged' && fact.event.version !== before + 1) flaws.push('version')
  }
  for (const cluster of Object.values(state.clusters)) {
    if (!cluster.membership.members.every((member) => member in cluster.hsms)) flaws.push('stranger')
    if (hsmsOf(cluster).some((hsm) => hsm.state === 'ACTIVE' && !isMember(cluster, hsm.hsmId))) flaws.push('outsider')
    if (cluster.phase === 'ACTIVE' && cluster.certificate === undefined) flaws.push('uncertified')
  }
  t.deepEqual(flaws, [])
})

testProp('a log that is written and read again folds to the same bytes', [history], (t, log) => {
  const again = log.map((fact) => decodeClusterFact(encodeClusterFact(fact)))
  const read = again.flatMap((decoded) => (E.isRight(decoded) ? [decoded.right] : []))
  t.is(canonicalControlPlane(replay(decider, read)), canonicalControlPlane(replay(decider, log)))
})
