import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { CLUSTER_ID, scriptedCluster } from './scripted/scripted-cluster.ts'

test('one address leads to all HSMs of the cluster', async (t) => {
  const { client, clock } = scriptedCluster()
  await clock.advance(200)
  t.is(client.clusterId(), CLUSTER_ID)
  t.deepEqual(
    client.connections().map(({ connected, serving }) => connected && serving),
    [true, true, true],
  )
  await client.close()
})

test('without an address the controller is asked', async (t) => {
  const { client, clock, serveMemberships, signed, memberAt } = scriptedCluster({ settings: { servers: [] } })
  t.is(client.clusterId(), undefined)
  serveMemberships([signed(1, [memberAt(0), memberAt(1)])])
  await clock.advance(1000)
  t.is(client.connections().filter(({ connected }) => connected).length, 2)
  await client.close()
})

test('a user logs in on all HSMs at once', async (t) => {
  const { client, hsms, settled } = scriptedCluster()
  const application = client.openApplication('test', { keyAvailabilityCheck: true })
  const result = await settled(application.login('crypto-user', 'USER1', utf8Bytes('password1')))
  t.deepEqual(result, E.right({ username: 'user1', role: 'crypto-user' } as never))
  t.deepEqual(
    hsms.map((hsm) => hsm.counts('login')),
    [1, 1, 1],
  )
  await settled(client.close())
})
