import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { clusterWithKey, signWith } from './scripted/with-key.ts'

const hexOf = (handle: number): string => `0x${handle.toString(16).padStart(16, '0')}`
const lineFor = (handle: number): string =>
  `Key ${hexOf(handle)} does not meet the availability requirements - The key must be available on at least 2 HSMs before being used.`

test('a cluster of two that loses one refuses its keys, in AWS words, until it is back', async (t) => {
  const { client, clock, application, handle, hsms, logger, settled } = await clusterWithKey({ hsms: 2 })
  hsms[0]!.cut = true
  await clock.advance(2500)
  const refused = await settled(signWith(application, handle))
  t.like(refused, { left: { _tag: 'CKR_FUNCTION_FAILED', message: lineFor(handle) } })
  t.true(logger.lines.some(({ message }) => message === lineFor(handle)))

  const waived = client.openApplication('waived', { keyAvailabilityCheck: false })
  await settled(waived.login('crypto-user', 'user1', Buffer.from('password1')))
  t.true(E.isRight(await settled(signWith(waived, handle))))

  hsms[0]!.cut = false
  await clock.advance(1500)
  t.true(E.isRight(await settled(signWith(application, handle))))
  await settled(client.close())
})

test('a short silence takes no holder away', async (t) => {
  const { client, clock, application, handle, hsms, soon, settled } = await clusterWithKey({ hsms: 2 })
  hsms[0]!.cut = true
  await clock.advance(400)
  const { value, millis } = await soon(signWith(application, handle))
  t.true(E.isRight(value))
  t.true(millis < 50)
  await settled(client.close())
})

test('keys that too few HSMs hold are left out of what is found, and logged', async (t) => {
  const { client, application, handle, hsms, logger, settled } = await clusterWithKey()
  const whole = await settled(application.findKeys({}))
  t.like(whole, { right: [{ coverage: 'full', holders: 3 }] })

  hsms[0]!.keys.delete(handle)
  t.like(await settled(application.findKeys({})), { right: [{ coverage: 'inconsistent', holders: 2 }] })

  hsms[1]!.keys.delete(handle)
  t.deepEqual(await settled(application.findKeys({})), E.right([]))
  t.true(logger.lines.some(({ message }) => message === lineFor(handle)))

  const waived = client.openApplication('waived', { keyAvailabilityCheck: false })
  await settled(waived.login('crypto-user', 'user1', Buffer.from('password1')))
  t.like(await settled(waived.findKeys({})), { right: [{ coverage: 'inconsistent', holders: 1 }] })
  await settled(client.close())
})

test('a key made by another client is looked up, once for many calls', async (t) => {
  const { client, handle, hsms, settled } = await clusterWithKey()
  const other = client.openApplication('other', { keyAvailabilityCheck: true })
  await settled(other.login('crypto-user', 'user1', Buffer.from('password1')))
  const before = hsms.map((hsm) => hsm.counts('findKeys'))
  const results = await settled(Promise.all(Array.from({ length: 20 }, () => signWith(other, handle))))
  t.true(results.every(E.isRight))
  t.deepEqual(
    hsms.map((hsm, i) => hsm.counts('findKeys') - before[i]!),
    [1, 1, 1],
  )
  await settled(client.close())
})

test('a copy that the service made later counts, once the key seems to lack holders', async (t) => {
  const { client, clock, application, handle, hsms, settled } = await clusterWithKey()
  const record = hsms[1]!.keys.get(handle)!
  hsms[2]!.keys.delete(handle)
  await settled(application.findKeys({ handle }))
  for (let i = 0; i < 3; i += 1) await settled(signWith(application, handle))
  hsms[2]!.keys.set(handle, record)
  hsms[0]!.cut = true
  await clock.advance(2500)
  t.true(E.isRight(await settled(signWith(application, handle))))
  await settled(client.close())
})

test('many pages of keys are put together', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  const record = hsms[0]!.keys.get(handle)!
  for (const hsm of hsms) {
    for (let i = 1; i <= 700; i += 1) hsm.keys.set(handle + i, { ...record, handle: (handle + i) as typeof handle })
  }
  const found = await settled(application.findKeys({}))
  if (E.isLeft(found)) return t.fail(found.left.message)
  t.is(found.right.length, 701)
  t.true(found.right.every(({ coverage }) => coverage === 'full'))
  await settled(client.close())
})

test('reading one key asks one HSM', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  const key = await settled(application.getKey(handle))
  t.like(key, { right: { handle } })
  t.is(
    hsms.reduce((sum, hsm) => sum + hsm.counts('getKey'), 0),
    1,
  )
  t.like(await settled(application.getKey((handle + 1) as typeof handle)), {
    left: { _tag: 'CKR_OBJECT_HANDLE_INVALID' },
  })
  await settled(client.close())
})
