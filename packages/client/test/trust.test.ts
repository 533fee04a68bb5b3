import test from 'ava'
import { scriptedCluster } from './scripted/scripted-cluster.ts'

test('an HSM whose certificate another CA issued is not connected', async (t) => {
  const { client, clock, logger } = scriptedCluster({ settings: { hsmCaCertificate: 'another-ca' } })
  await clock.advance(2000)
  t.is(client.clusterId(), undefined)
  t.true(logger.lines.some(({ fields }) => fields['why'] === 'CertificateRejected: CertificateNotIssuedByNext'))
  await client.close()
})

test('an HSM whose static key the cluster key did not sign is not connected', async (t) => {
  const cluster = scriptedCluster()
  const { client, clock, engine, hsms, logger } = cluster
  const stranger = engine.ed25519.generate()
  for (const hsm of hsms.slice(1)) {
    hsm.staticKeySigner = (statement) => engine.ed25519.sign(stranger.privateKey, statement)
  }
  await clock.advance(2000)
  t.deepEqual(
    client.connections().map(({ connected }) => connected),
    [true, false, false],
  )
  t.true(logger.lines.some(({ fields }) => fields['why'] === 'StaticKeyForged'))
  await client.close()
})

test('a membership that the controller did not sign is not believed', async (t) => {
  const cluster = scriptedCluster()
  const { client, clock, engine, hsms, logger, memberAt, signed } = cluster
  const forger = engine.ed25519.generate()
  for (const hsm of hsms) hsm.membership = signed(9, [memberAt(0)], forger)
  await clock.advance(2000)
  t.is(client.clusterId(), undefined)
  t.true(logger.lines.some(({ fields }) => fields['why'] === 'MembershipForged'))
  await client.close()
})

test('a membership altered after it was signed is not believed', async (t) => {
  const { client, clock, hsms } = scriptedCluster()
  for (const hsm of hsms) {
    hsm.membership = { ...hsm.membership, document: hsm.membership.document.replace('"version":1', '"version":2') }
  }
  await clock.advance(2000)
  t.is(client.clusterId(), undefined)
  await client.close()
})

test('an HSM that answers for another one is not connected', async (t) => {
  const { client, clock, hsms, addHsm, memberAt, signed } = scriptedCluster()
  const [, second] = hsms
  second!.stop()
  const impostor = { ...memberAt(1), hsmId: memberAt(2).hsmId, eniIp: '10.9.9.9' }
  hsms[2]!.stop()
  addHsm({ ...impostor }, signed(1, [memberAt(0), memberAt(1), memberAt(2)]))
  await clock.advance(2000)
  t.deepEqual(
    client.connections().map(({ connected }) => connected),
    [true, false, true],
  )
  await client.close()
})

test('a newer membership is learned from a beat: HSMs join and leave', async (t) => {
  const { client, clock, hsms, addHsm, memberAt, signed } = scriptedCluster()
  await clock.advance(200)
  const next = signed(2, [memberAt(0), memberAt(1), memberAt(3)])
  addHsm(memberAt(3), next)
  hsms[0]!.membership = next
  hsms[0]!.membershipVersion = 2
  await clock.advance(300)
  t.deepEqual(
    client.connections().map(({ hsmId, connected }) => [hsmId, connected]),
    [
      [memberAt(0).hsmId, true],
      [memberAt(1).hsmId, true],
      [memberAt(3).hsmId, true],
    ],
  )
  await client.close()
})

test('an older membership that is played again changes nothing', async (t) => {
  const { client, clock, hsms, memberAt, signed } = scriptedCluster()
  await clock.advance(200)
  hsms[0]!.membership = signed(0, [memberAt(0)])
  hsms[0]!.membershipVersion = 2
  await clock.advance(300)
  t.is(client.connections().length, 3)
  await client.close()
})

test('a forged membership from a beat changes nothing', async (t) => {
  const { client, clock, engine, hsms, memberAt, signed } = scriptedCluster()
  await clock.advance(200)
  hsms[0]!.membership = signed(2, [memberAt(0)], engine.ed25519.generate())
  hsms[0]!.membershipVersion = 2
  await clock.advance(300)
  t.is(client.connections().length, 3)
  await client.close()
})

test('of several clusters none is chosen that nobody named', async (t) => {
  const { client, clock, serveMemberships, signed, memberAt } = scriptedCluster({ settings: { servers: [] } })
  const mine = signed(1, [memberAt(0)])
  serveMemberships([mine, mine])
  await clock.advance(1000)
  t.is(client.clusterId(), undefined)
  await client.close()
})
