import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { clusterWithKey, makeKey, signerOf, signWith } from './scripted/with-key.ts'

const withSessionKey = async () => {
  const cluster = await clusterWithKey()
  const key = await cluster.settled(makeKey(cluster.application, false, 7))
  if (E.isLeft(key)) throw new Error(key.left.message)
  const { handle } = key.right
  const home = cluster.hsms.find((hsm) => [...hsm.sessions.values()].some(({ keys }) => keys.has(handle)))
  return { ...cluster, handle, home: home! }
}

test('a session key is used on the HSM that made it, and copied nowhere', async (t) => {
  const { client, application, handle, home, hsms, settled } = await withSessionKey()
  for (let i = 0; i < 5; i += 1) {
    t.is(signerOf(await settled(signWith(application, handle))), home.member.hsmId)
  }
  t.true(hsms.every((hsm) => !hsm.keys.has(handle)))
  t.like(await settled(application.findKeys({ handle })), { right: [{ coverage: 'session' }] })
  await settled(client.close())
})

test('session keys of one PKCS#11 session are made by one HSM', async (t) => {
  const { client, application, home, hsms, settled } = await withSessionKey()
  for (let i = 0; i < 4; i += 1) await settled(makeKey(application, false, 7))
  const makers = hsms.filter((hsm) => [...hsm.sessions.values()].some(({ keys }) => keys.size > 0))
  t.deepEqual(makers, [home])
  await settled(client.close())
})

test('a session key waits for an HSM that pauses', async (t) => {
  const { client, clock, application, handle, home, soon, settled } = await withSessionKey()
  home.cut = true
  const call = soon(signWith(application, handle))
  await clock.advance(600)
  home.cut = false
  const { value } = await call
  t.is(signerOf(value), home.member.hsmId)
  await settled(client.close())
})

test('a session key whose HSM is away is a device error, after 2 s', async (t) => {
  const { client, application, handle, home, soon, settled } = await withSessionKey()
  home.cut = true
  const { value, millis } = await soon(signWith(application, handle))
  t.like(value, { left: { _tag: 'CKR_DEVICE_ERROR' } })
  t.true(millis >= 1_900 && millis <= 2_200, `${millis} ms`)
  await settled(client.close())
})

test('a session key whose HSM has restarted is an invalid handle', async (t) => {
  const { client, clock, application, handle, home, settled } = await withSessionKey()
  home.restart()
  await clock.advance(3000)
  t.like(await settled(signWith(application, handle)), { left: { _tag: 'CKR_KEY_HANDLE_INVALID' } })
  await settled(client.close())
})

test('a session key is deleted on its HSM, and a second time there is none', async (t) => {
  const { client, application, handle, hsms, home, settled } = await withSessionKey()
  t.deepEqual(await settled(application.destroyKey(handle)), E.right(undefined))
  t.true([...home.sessions.values()].every(({ keys }) => !keys.has(handle)))
  t.true(hsms.every((hsm) => hsm.tombstones.size === 0))
  t.true(E.isLeft(await settled(application.destroyKey(handle))))
  await settled(client.close())
})

test('the end of a PKCS#11 session ends its session keys', async (t) => {
  const { client, application, handle, home, settled } = await withSessionKey()
  await settled(application.endTag(7))
  t.true([...home.sessions.values()].every(({ keys }) => !keys.has(handle)))
  t.like(await settled(signWith(application, handle)), { left: { _tag: 'CKR_KEY_HANDLE_INVALID' } })
  await settled(client.close())
})

test('session keys go with the login', async (t) => {
  const { client, application, handle, settled } = await withSessionKey()
  await settled(application.logout())
  await settled(application.login('crypto-user', 'user1', Buffer.from('password1')))
  t.like(await settled(signWith(application, handle)), { left: { _tag: 'CKR_KEY_HANDLE_INVALID' } })
  await settled(client.close())
})
