import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { Username } from '@hsmlab/domain'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { refuse } from './scripted/scripted-hsm.ts'
import { scriptedCluster } from './scripted/scripted-cluster.ts'
import { clusterWithKey, makeKey, signerOf, signWith } from './scripted/with-key.ts'

const open = (cluster: ReturnType<typeof scriptedCluster>) =>
  cluster.client.openApplication('test', { keyAvailabilityCheck: true })

test('a password that all HSMs refuse is incorrect, and was presented to each of them once', async (t) => {
  const cluster = scriptedCluster()
  const application = open(cluster)
  const password = utf8Bytes('wrong-password')
  const result = await cluster.settled(application.login('crypto-user', 'user1', password))
  t.like(result, { left: { _tag: 'CKR_PIN_INCORRECT', hsmReturn: 163 } })
  await cluster.clock.advance(5000)
  t.deepEqual(
    cluster.hsms.map((hsm) => hsm.counts('login')),
    [1, 1, 1],
  )
  t.true(password.every((byte) => byte === 0))
  t.is(application.loggedIn(), undefined)
  await cluster.settled(cluster.client.close())
})

test('an unknown user is an incorrect PIN with code 157', async (t) => {
  const cluster = scriptedCluster()
  const result = await cluster.settled(open(cluster).login('crypto-user', 'nobody', utf8Bytes('password1')))
  t.like(result, { left: { _tag: 'CKR_PIN_INCORRECT', hsmReturn: 157 } })
  const impossible = await cluster.settled(open(cluster).login('crypto-user', 'no body', utf8Bytes('password1')))
  t.like(impossible, { left: { _tag: 'CKR_PIN_INCORRECT', hsmReturn: 157 } })
  await cluster.settled(cluster.client.close())
})

test('a user that is locked on all HSMs is told so', async (t) => {
  const cluster = scriptedCluster()
  for (const hsm of cluster.hsms) hsm.users.get('user1')!.failures = 6
  const result = await cluster.settled(open(cluster).login('crypto-user', 'user1', utf8Bytes('password1')))
  t.like(result, { left: { _tag: 'CKR_PIN_LOCKED' } })
  await cluster.settled(cluster.client.close())
})

test('an HSM that refuses the password is left out until the next login, and never asked again', async (t) => {
  const cluster = scriptedCluster()
  const { hsms, settled, clock } = cluster
  hsms[0]!.users.get('user1')!.password = 'another-password'
  const application = open(cluster)
  t.true(E.isRight(await settled(application.login('crypto-user', 'user1', utf8Bytes('password1')))))
  await clock.advance(200)
  const key = await settled(makeKey(application))
  if (E.isLeft(key)) return t.fail(key.left.message)
  for (let i = 0; i < 6; i += 1) {
    const result = await settled(signWith(application, key.right.handle))
    t.not(signerOf(result), hsms[0]!.member.hsmId)
    t.true(E.isRight(result))
  }
  hsms[0]!.restart()
  await clock.advance(5000)
  t.is(hsms[0]!.counts('login'), 1)

  hsms[0]!.users.get('user1')!.password = 'password1'
  await settled(application.logout())
  t.true(E.isRight(await settled(application.login('crypto-user', 'user1', utf8Bytes('password1')))))
  t.is(hsms[0]!.counts('login'), 2)
  await settled(cluster.client.close())
})

test('an HSM that comes back with another password for the user is left out after one refusal', async (t) => {
  const { client, clock, application, handle, hsms, settled } = await clusterWithKey()
  hsms[1]!.users.get('user1')!.password = 'changed-meanwhile'
  hsms[1]!.restart()
  await clock.advance(8000)
  t.is(hsms[1]!.counts('login'), 2)
  for (let i = 0; i < 4; i += 1) t.true(E.isRight(await settled(signWith(application, handle))))
  await settled(client.close())
})

test('an HSM that was away during the login joins in when it is back', async (t) => {
  const cluster = scriptedCluster({ prepare: (hsms) => hsms.slice(2).forEach((hsm) => (hsm.cut = true)) })
  const application = open(cluster)
  const { value } = await cluster.soon(application.login('crypto-user', 'user1', utf8Bytes('password1')))
  t.true(E.isRight(value))
  cluster.hsms[2]!.cut = false
  await cluster.clock.advance(3000)
  t.is(cluster.hsms[2]!.counts('login'), 1)
  t.true([...cluster.hsms[2]!.sessions.values()].some(({ user }) => user === 'user1'))
  await cluster.settled(cluster.client.close())
})

test('without any HSM a login ends after 10 s with a device error', async (t) => {
  const cluster = scriptedCluster({ prepare: (hsms) => hsms.forEach((hsm) => (hsm.cut = true)) })
  const { value, millis } = await cluster.soon(open(cluster).login('crypto-user', 'user1', utf8Bytes('password1')))
  t.like(value, { left: { _tag: 'CKR_DEVICE_ERROR' } })
  t.true(millis >= 9_900 && millis <= 10_500, `${millis} ms`)
  await cluster.settled(cluster.client.close())
})

test('one user at a time', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  t.like(await cluster.settled(application.login('crypto-user', 'user1', utf8Bytes('password1'))), {
    left: { _tag: 'CKR_USER_ALREADY_LOGGED_IN' },
  })
  t.like(await cluster.settled(application.login('admin', 'admin', utf8Bytes('password1'))), {
    left: { _tag: 'CKR_USER_ANOTHER_ALREADY_LOGGED_IN' },
  })
  t.deepEqual(application.loggedIn(), { username: 'user1' as Username, role: 'crypto-user' })
  await cluster.settled(cluster.client.close())
})

test('logout wipes the password and reaches all HSMs, those that are away when they are back', async (t) => {
  const cluster = scriptedCluster()
  const { client, clock, hsms, settled } = cluster
  const application = open(cluster)
  const password = utf8Bytes('password1')
  await settled(application.login('crypto-user', 'user1', password))
  t.true(password.some((byte) => byte !== 0))
  hsms[1]!.cut = true
  await clock.advance(300)
  t.true(E.isRight(await settled(application.logout())))
  t.true(password.every((byte) => byte === 0))
  t.like(await settled(application.logout()), { left: { _tag: 'CKR_USER_NOT_LOGGED_IN' } })
  hsms[1]!.cut = false
  await clock.advance(1000)
  for (const hsm of hsms) t.true([...hsm.sessions.values()].every(({ user }) => user === undefined))
  await settled(client.close())
})

test('closing an application closes its sessions and wipes the password', async (t) => {
  const cluster = scriptedCluster()
  const application = open(cluster)
  const password = utf8Bytes('password1')
  await cluster.settled(application.login('crypto-user', 'user1', password))
  await cluster.settled(application.close())
  t.true(password.every((byte) => byte === 0))
  for (const hsm of cluster.hsms) t.is(hsm.sessions.size, 0)
  await cluster.settled(cluster.client.close())
})

test('a throttled login is no refusal: it is tried again', async (t) => {
  const cluster = scriptedCluster()
  let throttled = 0
  cluster.hsms[0]!.script = (name) =>
    name === 'login' && throttled++ === 0 ? refuse('CKR_FUNCTION_FAILED', 187) : 'usual'
  const application = await cluster.loggedIn()
  await cluster.clock.advance(3000)
  t.is(cluster.hsms[0]!.counts('login'), 2)
  t.true([...cluster.hsms[0]!.sessions.values()].some(({ user }) => user === 'user1'))
  t.true(application.loggedIn() !== undefined)
  await cluster.settled(cluster.client.close())
})

test('the admin of a cluster that was never activated logs in as such', async (t) => {
  const cluster = scriptedCluster({ hsms: 1 })
  cluster.hsms[0]!.users.get('admin')!.role = 'unactivated-admin'
  const result = await cluster.settled(open(cluster).login('admin', 'admin', utf8Bytes('password1')))
  t.like(result, { right: { role: 'unactivated-admin' } })
  await cluster.settled(cluster.client.close())
})

test('no password stands in a frame in the clear, nor in the log', async (t) => {
  const cluster = scriptedCluster()
  const seen: string[] = []
  for (const { member } of cluster.hsms) {
    cluster.bus.listen(`hsm.${member.hsmId}.frames` as never, (frame) =>
      seen.push(Buffer.from(frame).toString('latin1')),
    )
  }
  await cluster.settled(open(cluster).login('crypto-user', 'user1', utf8Bytes('canary-password')))
  t.true(seen.length > 0)
  t.false(seen.some((frame) => frame.includes('canary-password')))
  t.false(JSON.stringify(cluster.logger.lines).includes('canary-password'))
  await cluster.settled(cluster.client.close())
})

test('no buffer that carried a password keeps it', async (t) => {
  const buffers: Uint8Array[] = []
  const cluster = scriptedCluster({ onSeal: (plaintext) => buffers.push(plaintext) })
  const carried = (): number => buffers.filter((buffer) => Buffer.from(buffer).includes('canary-password')).length
  let carriedOnce = false
  for (const hsm of cluster.hsms) {
    hsm.users.get('user1')!.password = 'canary-password'
    hsm.script = (name, { body }) => {
      carriedOnce ||= name === 'login' && Buffer.from(body).includes('canary-password')
      return 'usual'
    }
  }
  t.true(E.isRight(await cluster.settled(open(cluster).login('crypto-user', 'user1', utf8Bytes('canary-password')))))
  t.true(carriedOnce)
  t.is(carried(), 0)
  await cluster.settled(cluster.client.close())
})
