import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { KeyHandle } from '@hsmlab/domain'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { accept, refuse } from './scripted/scripted-hsm.ts'
import { scriptedCluster } from './scripted/scripted-cluster.ts'

const dropped = (cluster: ReturnType<typeof scriptedCluster>): number =>
  cluster.client.connections().reduce((sum, { droppedFrames }) => sum + droppedFrames, 0)

test('a frame that is sent again is dropped and counted, and nothing is closed', async (t) => {
  const cluster = scriptedCluster()
  await cluster.clock.advance(200)
  const before = dropped(cluster)
  const [hsm] = cluster.hsms
  const again = [...hsm!.sent]
  for (const frame of again) hsm!.sendRaw(frame)
  await cluster.clock.advance(200)
  t.is(dropped(cluster), before + again.length)
  t.true(again.length > 2)
  t.true(cluster.client.connections().every(({ connected }) => connected))
  await cluster.client.close()
})

test('a frame with one bit changed is dropped and counted', async (t) => {
  const cluster = scriptedCluster()
  await cluster.clock.advance(200)
  const [hsm] = cluster.hsms
  const frame = hsm!.sent.at(-1)!.slice()
  // A higher counter, so that it is not dropped as a stale one.
  frame[15] = (frame[15] ?? 0) + 1
  hsm!.sendRaw(frame)
  await cluster.clock.advance(10)
  t.is(dropped(cluster), 1)
  await cluster.clock.advance(200)
  t.true(cluster.client.connections().every(({ connected }) => connected))
  await cluster.client.close()
})

test('random frames from anybody on the bus disturb nobody', async (t) => {
  const cluster = scriptedCluster()
  await cluster.clock.advance(200)
  const frames = fc.sample(fc.uint8Array({ maxLength: 200 }), 200)
  for (const frame of frames) cluster.hsms[0]!.sendRaw(frame)
  await cluster.clock.advance(500)
  t.is(dropped(cluster), frames.length)
  t.true(cluster.client.connections().every(({ connected }) => connected))
  await cluster.client.close()
})

testProp(
  'whatever an HSM answers, every call ends with a result or a failure',
  [
    fc.array(
      fc.record({
        ckr: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0x200 }), fc.integer({ min: 0, max: 0xffff_ffff })),
        hsmReturn: fc.oneof(fc.constant(0), fc.constantFrom(157, 163, 187), fc.integer({ min: 0, max: 0xffff_ffff })),
        body: fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.json().map(utf8Bytes),
          fc.constantFrom('{"keys":[],"more":true}', '{"keys":[{}]}', '{}', '[]').map(utf8Bytes),
        ),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  ],
  async (t, answers) => {
    const cluster = scriptedCluster({ hsms: 2 })
    const { client, hsms, settled } = cluster
    const application = await cluster.loggedIn(false)
    const handle = 0x100_0001 as KeyHandle
    let next = 0
    for (const hsm of hsms) {
      hsm.script = (name) => (name === 'openSession' || name === 'login' ? 'usual' : answers[next++ % answers.length])
    }
    const mechanism = { type: CKM.CKM_ECDSA, parameter: NO_PARAMETER }
    const results = await settled(
      Promise.all([
        application.findKeys({}),
        application.getKey(handle),
        application.sign(handle, mechanism, utf8Bytes('message')),
        application.random(8),
        application.generateKey({ CKA_TOKEN: true }, { mechanism: CKM.CKM_AES_KEY_GEN, tag: 0 }),
        application.destroyKey(handle),
        application.listUsers(),
        application.hsmInfo(),
        application.createUser('user2' as never, 'crypto-user', utf8Bytes('password2')),
      ]),
    )
    for (const result of results) t.true(result._tag === 'Left' || result._tag === 'Right')
    await settled(client.close())
  },
  { numRuns: 12 },
)

test('an answer that cannot be read is a device error of that call', async (t) => {
  const { client, hsms, settled, loggedIn } = scriptedCluster()
  const application = await loggedIn()
  for (const hsm of hsms) hsm.script = (name) => (name === 'listUsers' ? accept(utf8Bytes('garbage')) : 'usual')
  const users = await settled(application.listUsers())
  t.like(users, { left: { _tag: 'CKR_DEVICE_ERROR' } })
  t.true(E.isRight(await settled(application.hsmInfo())))
  await settled(client.close())
})

test('a code that PKCS#11 does not know is a device error', async (t) => {
  const { client, hsms, settled, loggedIn } = scriptedCluster()
  const application = await loggedIn()
  for (const hsm of hsms) {
    hsm.script = (name) => (name === 'random' ? { ...refuse('CKR_OK')!, ckr: 0x7777_7777 } : 'usual')
  }
  t.like(await settled(application.random(4)), { left: { _tag: 'CKR_DEVICE_ERROR' } })
  await settled(client.close())
})
