import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { refuse } from './scripted/scripted-hsm.ts'
import { clusterWithKey, makeKey, signerOf, signWith } from './scripted/with-key.ts'

test('signatures are spread over all HSMs', async (t) => {
  const { client, application, handle, settled } = await clusterWithKey()
  const signers = new Set<string>()
  for (let i = 0; i < 6; i += 1) signers.add(signerOf(await settled(signWith(application, handle))))
  t.is(signers.size, 3)
  await settled(client.close())
})

test('calls of one tick go to the HSMs with the fewest outstanding', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  const before = hsms.map((hsm) => hsm.counts('sign'))
  await settled(Promise.all(Array.from({ length: 9 }, () => signWith(application, handle))))
  t.deepEqual(
    hsms.map((hsm, i) => hsm.counts('sign') - (before[i] ?? 0)),
    [3, 3, 3],
  )
  await settled(client.close())
})

test('requests of one tick share a frame', async (t) => {
  const { client, application, handle, bus, hsms, settled } = await clusterWithKey()
  let frames = 0
  const stops = hsms.map(({ member }) => bus.listen(`hsm.${member.hsmId}.frames` as never, () => (frames += 1)))
  await settled(Promise.all(Array.from({ length: 30 }, () => signWith(application, handle))))
  t.true(frames <= 6, `${frames} frames`)
  for (const stop of stops) stop()
  await settled(client.close())
})

test('signatures outstanding at an HSM that falls silent come from another, after 150 to 200 ms', async (t) => {
  const { client, application, handle, hsms, soon, settled } = await clusterWithKey()
  hsms[0]!.cut = true
  const calls = await Promise.all(Array.from({ length: 9 }, () => soon(signWith(application, handle))))
  t.true(calls.every(({ value }) => E.isRight(value)))
  const pauses = calls.map(({ millis }) => millis).sort((a, b) => a - b)
  t.true(pauses[0]! <= 10)
  t.true(pauses.at(-1)! >= 100 && pauses.at(-1)! <= 200, `${pauses.at(-1)} ms`)
  await settled(client.close())
})

test('no signature fails while an AZ goes and comes back', async (t) => {
  const { client, clock, application, handle, hsms, soon, settled } = await clusterWithKey()
  for (let i = 0; i < 60; i += 1) {
    if (i === 20) hsms[1]!.cut = true
    if (i === 40) hsms[1]!.cut = false
    const { value, millis } = await soon(signWith(application, handle))
    t.true(E.isRight(value))
    t.true(millis <= 200)
    await clock.advance(50)
  }
  await settled(client.close())
})

test('an HSM that is heard again is used without a new login when its channel survived', async (t) => {
  const { client, clock, application, handle, hsms, settled } = await clusterWithKey()
  hsms[2]!.cut = true
  await clock.advance(3000)
  hsms[2]!.cut = false
  await clock.advance(2500)
  const signers = new Set<string>()
  for (let i = 0; i < 6; i += 1) signers.add(signerOf(await settled(signWith(application, handle))))
  t.true(signers.has(hsms[2]!.member.hsmId))
  t.is(hsms[2]!.counts('login'), 1)
  t.is(hsms[2]!.counts('openSession'), 1)
  await settled(client.close())
})

test('a channel that shows itself during the reconnection is kept, with its session', async (t) => {
  const { client, clock, application, handle, hsms, settled } = await clusterWithKey()
  hsms[2]!.muted = true
  let hellos = 0
  hsms[2]!.onHello = () => {
    hellos += 1
    hsms[2]!.muted = false
  }
  await clock.advance(2000)
  t.is(hellos, 1)
  t.is(hsms[2]!.counts('openSession'), 1)
  const signers = new Set<string>()
  for (let i = 0; i < 6; i += 1) signers.add(signerOf(await settled(signWith(application, handle))))
  t.true(signers.has(hsms[2]!.member.hsmId))
  await settled(client.close())
})

test('an HSM that has restarted gets a new channel, a new session and the login again, in the background', async (t) => {
  const { client, clock, application, handle, hsms, settled } = await clusterWithKey()
  hsms[2]!.restart()
  await clock.advance(3000)
  t.is(hsms[2]!.counts('login'), 2)
  const signers = new Set<string>()
  for (let i = 0; i < 6; i += 1) signers.add(signerOf(await settled(signWith(application, handle))))
  t.true(signers.has(hsms[2]!.member.hsmId))
  await settled(client.close())
})

test('with no HSM at all a call ends after 10 s with a device error', async (t) => {
  const { client, application, handle, hsms, soon, settled } = await clusterWithKey()
  for (const hsm of hsms) hsm.cut = true
  const { value, millis } = await soon(signWith(application, handle))
  t.like(value, { left: { _tag: 'CKR_DEVICE_ERROR' } })
  t.true(millis >= 9_900 && millis <= 10_200, `${millis} ms`)
  await settled(client.close())
})

test('a call that waits for the network goes on when that is back: no login, no failure', async (t) => {
  const { client, clock, application, handle, hsms, soon, settled } = await clusterWithKey()
  for (const hsm of hsms) hsm.cut = true
  await clock.advance(2000)
  const call = soon(signWith(application, handle))
  await clock.advance(4000)
  for (const [i, hsm] of hsms.entries()) {
    hsm.cut = false
    if (i < 2) await clock.advance(120)
  }
  const { value } = await call
  t.true(E.isRight(value))
  t.deepEqual(
    hsms.map((hsm) => hsm.counts('login')),
    [1, 1, 1],
  )
  await settled(client.close())
})

test('an HSM that does not serve yet is not asked for signatures', async (t) => {
  const { client, clock, application, handle, hsms, settled } = await clusterWithKey()
  hsms[0]!.serving = false
  await clock.advance(100)
  const before = hsms[0]!.counts('sign')
  for (let i = 0; i < 6; i += 1) t.true(E.isRight(await settled(signWith(application, handle))))
  t.is(hsms[0]!.counts('sign'), before)
  await settled(client.close())
})

test('an HSM that lacks the key passes the call on', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  hsms[1]!.keys.delete(handle)
  for (let i = 0; i < 6; i += 1) t.true(E.isRight(await settled(signWith(application, handle))))
  t.true(hsms[1]!.counts('sign') <= 1)
  await settled(client.close())
})

test('a key that no HSM holds any more is an invalid handle', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  for (const hsm of hsms) hsm.keys.delete(handle)
  t.like(await settled(signWith(application, handle)), { left: { _tag: 'CKR_KEY_HANDLE_INVALID' } })
  await settled(client.close())
})

test('HSMs that show a key and then deny it end the call as an invalid handle, at once', async (t) => {
  const { client, application, handle, hsms, soon, settled } = await clusterWithKey()
  for (const hsm of hsms) hsm.script = (name) => (name === 'sign' ? refuse('CKR_KEY_HANDLE_INVALID') : 'usual')
  const { value, millis } = await soon(signWith(application, handle))
  t.like(value, { left: { _tag: 'CKR_KEY_HANDLE_INVALID' } })
  t.true(millis <= 10, `${millis} ms`)
  t.true(hsms.every((hsm) => hsm.counts('sign') <= 1))
  await settled(client.close())
})

test('an HSM that is unable passes the call on', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  hsms[0]!.script = (name) => (name === 'sign' ? refuse('CKR_DEVICE_ERROR') : 'usual')
  for (let i = 0; i < 4; i += 1) t.true(E.isRight(await settled(signWith(application, handle))))
  for (const hsm of hsms) hsm.script = (name) => (name === 'sign' ? refuse('CKR_DEVICE_ERROR', 0, 'broken') : 'usual')
  t.like(await settled(signWith(application, handle)), { left: { _tag: 'CKR_DEVICE_ERROR', message: 'broken' } })
  await settled(client.close())
})

test('a lost frame is made up for by asking again under the same request id', async (t) => {
  const { client, application, handle, hsms, soon, settled } = await clusterWithKey()
  let lost = 0
  for (const hsm of hsms) {
    hsm.script = (name) => {
      if (name !== 'sign' || lost >= 1) return 'usual'
      lost += 1
      return undefined
    }
  }
  const { value, millis } = await soon(signWith(application, handle))
  t.true(E.isRight(value))
  t.true(millis >= 350 && millis <= 500, `${millis} ms`)
  await settled(client.close())
})

test('a session that the HSM has closed is opened anew, and the call goes on', async (t) => {
  const { client, clock, application, handle, hsms, settled } = await clusterWithKey()
  for (const hsm of hsms) hsm.script = () => 'usual'
  ;(hsms[0]!.sessions as Map<number, unknown>).clear()
  for (let i = 0; i < 6; i += 1) t.true(E.isRight(await settled(signWith(application, handle))))
  await clock.advance(100)
  t.is(hsms[0]!.counts('login'), 2)
  await settled(client.close())
})

test('calls of a closed application end at once', async (t) => {
  const { client, application, handle, hsms, soon, settled } = await clusterWithKey()
  for (const hsm of hsms) hsm.cut = true
  const call = soon(signWith(application, handle))
  await settled(application.close())
  t.like((await call).value, { left: { _tag: 'CKR_SESSION_CLOSED' } })
  t.like(await settled(makeKey(application)), { left: { _tag: 'CKR_SESSION_CLOSED' } })
  await settled(client.close())
})
