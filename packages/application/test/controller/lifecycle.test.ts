import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { fromBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { stateOf } from '@hsmlab/domain'
import { subject } from '@hsmlab/ports'
import { ClusterMemberships, subjects } from '@hsmlab/protocol'
import { LAB_WORLD } from '../../src/controller/testing/index.ts'
import { activeCluster, createCluster, createHsm, initialize, right, virtualLab, zoneA, zoneB, zoneC } from './lab.ts'

test('a cluster becomes UNINITIALIZED, and its first HSM shows its certificates', async (t) => {
  const lab = await virtualLab()
  const clusterId = await createCluster(lab)
  const hsmId = await createHsm(lab, clusterId)
  const cluster = lab.cluster(clusterId)
  t.is(stateOf(cluster), 'UNINITIALIZED')
  t.is(cluster.identity?.certificates.clusterCsr, 'csr')
  t.is(cluster.hsms[hsmId]?.serialNumber, `SN-${hsmId}`)
  t.is(lab.rack(zoneA).hsms.get(hsmId)?.lane, cluster.hsms[hsmId]?.lane)
  await lab.close()
})

test('a certificate that was verified reaches the HSM, which then opens with its membership', async (t) => {
  const lab = await virtualLab()
  const clusterId = await createCluster(lab)
  const hsmId = await createHsm(lab, clusterId)
  await initialize(lab, clusterId)
  t.is(lab.rack(zoneA).hsms.get(hsmId)?.certificate, 'cert')
  const { commands } = lab.rack(zoneA)
  t.true(commands.lastIndexOf('installMembership') > commands.indexOf('installClusterCertificate'))
  await lab.close()
})

test('a certificate that does not verify changes nothing', async (t) => {
  const lab = await virtualLab()
  const clusterId = await createCluster(lab)
  await createHsm(lab, clusterId)
  const { position } = lab.controller().state()
  const request = { clusterId, signedCert: 'another', trustAnchor: 'ca' }
  const refused = await lab.controller().initializeCluster(LAB_WORLD, request)()
  t.deepEqual(refused, E.left({ _tag: 'CertificateKeyMismatch' as const }))
  t.is(lab.controller().state().position, position)
  await lab.close()
})

test('an HSM that refuses the certificate brings the cluster back, with its words', async (t) => {
  const lab = await virtualLab()
  const clusterId = await createCluster(lab)
  await createHsm(lab, clusterId)
  lab.rack(zoneA).refuse('installClusterCertificate', { code: 'wrongCondition', message: 'Not my key.' }, 1)
  const request = { clusterId, signedCert: 'cert', trustAnchor: 'ca' }
  right(await lab.controller().initializeCluster(LAB_WORLD, request)())
  await lab.until(() => lab.cluster(clusterId).stateMessage === 'Not my key.')
  t.is(lab.cluster(clusterId).phase, 'UNINITIALIZED')
  t.is(lab.cluster(clusterId).identity?.certificates.clusterCsr, 'csr')
  await initialize(lab, clusterId)
  await lab.close()
})

test('activation is noticed from the HSM, and a backup is made', async (t) => {
  const lab = await virtualLab()
  const { clusterId, first } = await activeCluster(lab)
  t.is(stateOf(lab.cluster(clusterId)), 'ACTIVE')
  t.is(lab.cluster(clusterId).backups[0]?.hsmId, first)
  await lab.close()
})

test('activation is noticed without any notification too', async (t) => {
  const lab = await virtualLab()
  const clusterId = await createCluster(lab)
  const hsmId = await createHsm(lab, clusterId)
  await initialize(lab, clusterId)
  const hsm = lab.rack(zoneA).hsms.get(hsmId)
  if (hsm !== undefined) hsm.activated = true
  await lab.until(() => lab.cluster(clusterId).phase === 'ACTIVE')
  t.pass()
  await lab.close()
})

test('a further HSM gets a fresh backup of a live one, and all get the new membership', async (t) => {
  const lab = await virtualLab()
  const { clusterId, first } = await activeCluster(lab)
  const source = lab.rack(zoneA).hsms.get(first)
  if (source !== undefined) source.content = 'keys that were made meanwhile'
  const second = await createHsm(lab, clusterId, zoneB)
  const third = await createHsm(lab, clusterId, zoneC)
  t.is(lab.rack(zoneB).hsms.get(second)?.content, 'restored: keys that were made meanwhile')
  t.is(lab.cluster(clusterId).backups.length, 3)
  await lab.until(() => lab.rack(zoneA).hsms.get(first)?.membershipVersion === 3)
  const document = JSON.parse(lab.rack(zoneA).hsms.get(first)?.membership ?? '{}') as { members: { hsmId: string }[] }
  t.deepEqual(
    document.members.map(({ hsmId }) => hsmId),
    [first, second, third],
  )
  await lab.close()
})

test('while an HSM comes the cluster is UPDATE_IN_PROGRESS', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  const created = right(await lab.controller().createHsm(LAB_WORLD, { clusterId, availabilityZone: zoneB })())
  t.is(stateOf(created.cluster), 'UPDATE_IN_PROGRESS')
  t.is(created.cluster.hsms[created.hsmId]?.state, 'CREATE_IN_PROGRESS')
  await lab.close()
})

test('an HSM that is deleted hands over and is backed up before it is decommissioned', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  const second = await createHsm(lab, clusterId, zoneB)
  right(await lab.controller().deleteHsm(LAB_WORLD, { clusterId, which: { by: 'HsmId', value: second } })())
  await lab.until(() => lab.cluster(clusterId).gone[second]?.decommissioned === true)
  const after = lab.rack(zoneB).commands.slice(lab.rack(zoneB).commands.indexOf('handOverHsm'))
  t.deepEqual(
    after.filter((name) => name !== 'installMembership'),
    ['handOverHsm', 'takeBackup', 'decommissionHsm'],
  )
  t.is(lab.cluster(clusterId).backups.at(-1)?.hsmId, second)
  t.false(lab.rack(zoneB).hsms.has(second))
  await lab.close()
})

test('a cluster without HSMs comes back from its newest backup, at another address', async (t) => {
  const lab = await virtualLab()
  const { clusterId, first } = await activeCluster(lab)
  const { eniIp } = lab.cluster(clusterId).hsms[first]?.place ?? {}
  right(await lab.controller().deleteHsm(LAB_WORLD, { clusterId, which: { by: 'EniIp', value: String(eniIp) } })())
  await lab.until(() => Object.keys(lab.cluster(clusterId).hsms).length === 0)
  t.is(stateOf(lab.cluster(clusterId)), 'ACTIVE')
  const again = await createHsm(lab, clusterId, zoneC)
  t.is(lab.rack(zoneC).hsms.get(again)?.content, `restored: made by ${first}`)
  t.not(lab.cluster(clusterId).hsms[again]?.place.eniIp, eniIp)
  await lab.close()
})

test('a cluster is deleted once it has no HSMs, and is shown for a while', async (t) => {
  const lab = await virtualLab({ settings: { deletedShownMillis: 60_000 } })
  const clusterId = await createCluster(lab)
  right(await lab.controller().deleteCluster(LAB_WORLD, { clusterId })())
  await lab.until(() => lab.cluster(clusterId).phase === 'DELETED')
  t.is(lab.controller().clusters(LAB_WORLD).length, 1)
  await lab.clock.advance(61_000)
  t.is(lab.controller().clusters(LAB_WORLD).length, 0)
  await lab.close()
})

test('transitions take the time they are set to', async (t) => {
  const lab = await virtualLab({
    settings: {
      delays: { createCluster: 60_000, createHsm: 0, initialize: 0, deleteHsm: 0, deleteCluster: 0 },
    },
  })
  const started = lab.clock.monotonicMillis()
  await createCluster(lab)
  const took = lab.clock.monotonicMillis() - started
  t.true(took >= 60_000 && took < 61_000)
  await lab.close()
})

test('anybody may ask for the memberships, which the controller signs', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  const answer = right(await lab.bus.request(subject(subjects.memberships), new Uint8Array(0), 1000)())
  const { memberships } = right(ClusterMemberships.decode(JSON.parse(Buffer.from(answer).toString())))
  const [membership] = memberships
  const { publicKey } = lab.part.signingKey
  const signature = fromBase64(membership?.signature ?? ('' as never))
  t.true(lab.env.engine.ed25519.verify(publicKey, utf8Bytes(membership?.document ?? ''), signature))
  t.is((JSON.parse(membership?.document ?? '{}') as { clusterId: string }).clusterId, clusterId)
  await lab.close()
})

test('accounts and Regions do not see each other', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  const stranger = { account: '111111111111', region: 'us-east-1' }
  t.deepEqual(lab.controller().clusters(stranger), [])
  t.deepEqual(
    await lab.controller().deleteCluster(stranger, { clusterId })(),
    E.left({ _tag: 'ClusterNotFound' as const, clusterId }),
  )
  await lab.close()
})
