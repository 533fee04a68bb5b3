import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { Username } from '@hsmlab/domain'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { refuse } from './scripted/scripted-hsm.ts'
import { scriptedCluster } from './scripted/scripted-cluster.ts'

const name = 'user2' as Username

const withAdmin = async (hsms = 3) => {
  const cluster = scriptedCluster({ hsms })
  const application = cluster.client.openApplication('test', { keyAvailabilityCheck: true })
  await cluster.settled(application.login('admin', 'admin', utf8Bytes('password1')))
  return { ...cluster, application }
}

test('users are listed without login, and what differs is inconsistent', async (t) => {
  const { client, hsms, settled } = scriptedCluster()
  hsms[1]!.users.get('user1')!.failures = 6
  hsms[2]!.users.get('admin')!.role = 'crypto-user'
  hsms[0]!.users.set('user2', { role: 'crypto-user', password: '', failures: 0 })
  const application = client.openApplication('test', { keyAvailabilityCheck: true })
  t.deepEqual(
    await settled(application.listUsers()),
    E.right([
      { username: 'admin', role: 'inconsistent', locked: 'false', coverage: 'full' },
      { username: 'user1', role: 'crypto-user', locked: 'inconsistent', coverage: 'full' },
      { username: 'user2', role: 'crypto-user', locked: 'false', coverage: 'inconsistent' },
    ]),
  )
  await settled(client.close())
})

test('one HSM after the other tells who it is, in the order of the membership', async (t) => {
  const { client, hsms, settled } = scriptedCluster()
  const application = client.openApplication('test', { keyAvailabilityCheck: true })
  const info = await settled(application.hsmInfo())
  t.deepEqual(
    E.isRight(info) && info.right.map(({ hsmId }) => hsmId),
    hsms.map(({ member }) => member.hsmId),
  )
  await settled(client.close())
})

test('a user is created on all HSMs, and deleted on all', async (t) => {
  const { client, application, hsms, settled } = await withAdmin()
  t.deepEqual(await settled(application.createUser(name, 'crypto-user', utf8Bytes('password2'))), E.right(undefined))
  t.true(hsms.every((hsm) => hsm.users.get('user2')?.password === 'password2'))
  t.deepEqual(await settled(application.deleteUser(name, 'crypto-user')), E.right(undefined))
  t.true(hsms.every((hsm) => !hsm.users.has('user2')))
  await settled(client.close())
})

test('a user that only some HSMs created stays inconsistent, and the failure says so', async (t) => {
  const { client, application, hsms, settled } = await withAdmin()
  hsms[2]!.script = (each) => (each === 'createUser' ? refuse('CKR_FUNCTION_FAILED', 0, 'no') : 'usual')
  const result = await settled(application.createUser(name, 'crypto-user', utf8Bytes('password2')))
  t.true(E.isLeft(result) && result.left.message.includes('2 of 3 HSMs'))
  const users = await settled(application.listUsers())
  t.true(E.isRight(users) && users.right.some((user) => user.username === 'user2' && user.coverage === 'inconsistent'))
  await settled(client.close())
})

test('what all HSMs refuse is refused with their code', async (t) => {
  const { client, application, settled } = await withAdmin()
  t.like(await settled(application.deleteUser(name, 'crypto-user')), {
    left: { _tag: 'CKR_FUNCTION_FAILED', message: 'User does not exist.' },
  })
  await settled(client.close())
})

test('the caller keeps the password of a new user', async (t) => {
  const { client, application, settled } = await withAdmin()
  const password = utf8Bytes('password2')
  await settled(application.createUser(name, 'crypto-user', password))
  t.deepEqual(password, utf8Bytes('password2'))
  await settled(client.close())
})

test('after a changed own password an HSM that comes back gets the new one', async (t) => {
  const { client, application, clock, hsms, settled } = await withAdmin()
  const changed = await settled(application.changePassword('admin' as Username, 'admin', utf8Bytes('password3')))
  t.true(E.isRight(changed))
  hsms[0]!.restart()
  await clock.advance(3000)
  t.true([...hsms[0]!.sessions.values()].some(({ user }) => user === 'admin'))
  t.is(hsms[0]!.users.get('admin')!.failures, 0)
  await settled(client.close())
})

test('activation needs no login, and works once', async (t) => {
  const { client, hsms, settled } = scriptedCluster({ hsms: 1 })
  hsms[0]!.users.get('admin')!.role = 'unactivated-admin'
  const application = client.openApplication('test', { keyAvailabilityCheck: true })
  t.deepEqual(await settled(application.activate(utf8Bytes('password9'))), E.right(undefined))
  t.is(hsms[0]!.users.get('admin')!.role, 'admin')
  t.is(hsms[0]!.users.get('admin')!.password, 'password9')
  t.like(await settled(application.activate(utf8Bytes('password9'))), { left: { _tag: 'CKR_FUNCTION_FAILED' } })
  await settled(client.close())
})

test('an HSM that was off does not stop the others: it stays inconsistent', async (t) => {
  const { client, application, clock, hsms, settled } = await withAdmin()
  hsms[0]!.cut = true
  await clock.advance(1500)
  t.true(E.isRight(await settled(application.createUser(name, 'crypto-user', utf8Bytes('password2')))))
  hsms[0]!.cut = false
  await clock.advance(1500)
  const users = await settled(application.listUsers())
  t.true(E.isRight(users) && users.right.some((user) => user.username === 'user2' && user.coverage === 'inconsistent'))
  await settled(client.close())
})
