import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { clusterWithKey, makeKey, signWith } from './scripted/with-key.ts'

const requestOf = (body: Uint8Array) =>
  JSON.parse(Buffer.from(body).toString()) as { commandId: string; tombstone?: { stamp: string }; seen?: string }

test('one HSM makes the tombstone, the others take it', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  t.deepEqual(await settled(application.destroyKey(handle)), E.right(undefined))
  const requests = hsms.flatMap((hsm) =>
    hsm.asked.filter(({ name }) => name === 'destroyKey').map(({ body }) => requestOf(body)),
  )
  t.is(requests.filter(({ tombstone }) => tombstone === undefined).length, 1)
  t.is(new Set(hsms.map((hsm) => hsm.tombstones.get(handle)?.stamp)).size, 1)
  t.true(hsms.every((hsm) => !hsm.keys.has(handle)))
  t.like(await settled(signWith(application, handle)), { left: { _tag: 'CKR_KEY_HANDLE_INVALID' } })
  t.like(await settled(application.destroyKey(handle)), { left: { _tag: 'CKR_OBJECT_HANDLE_INVALID' } })
  await settled(client.close())
})

test('the next deletion is to be above the highest stamp that was seen', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  const second = await settled(makeKey(application))
  await settled(application.destroyKey(handle))
  const stamp = hsms[0]!.tombstones.get(handle)!.stamp
  if (E.isLeft(second)) return t.fail(second.left.message)
  await settled(application.destroyKey(second.right.handle))
  const last = hsms
    .flatMap((hsm) => hsm.asked.filter(({ name }) => name === 'destroyKey').map(({ body }) => requestOf(body)))
    .filter(({ tombstone }) => tombstone === undefined)
  t.true(last.some(({ seen }) => seen !== undefined && seen >= stamp))
  await settled(client.close())
})

test('a lost answer to a deletion is asked for under the same command id', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  const ids: string[] = []
  for (const hsm of hsms) {
    hsm.script = (name, { body }) => {
      if (name !== 'destroyKey' || requestOf(body).tombstone !== undefined) return 'usual'
      ids.push(requestOf(body).commandId)
      return ids.length === 1 ? undefined : 'usual'
    }
  }
  t.true(E.isRight(await settled(application.destroyKey(handle))))
  t.is(ids.length, 2)
  t.is(new Set(ids).size, 1)
  await settled(client.close())
})

test('a deletion that only one HSM has is not acknowledged', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey({ hsms: 2 })
  for (const hsm of hsms) {
    hsm.script = (name, { body }) => {
      if (name === 'destroyKey' && requestOf(body).tombstone !== undefined) {
        hsm.cut = true
        return undefined
      }
      return 'usual'
    }
  }
  const result = await settled(application.destroyKey(handle))
  t.true(E.isLeft(result) && result.left._tag === 'CKR_FUNCTION_FAILED')
  t.true(E.isLeft(result) && result.left.message.includes('outcome is unknown'))
  await settled(client.close())
})

test('a holder that lacks the key passes the deletion on', async (t) => {
  const { client, application, handle, hsms, settled } = await clusterWithKey()
  let asked = 0
  for (const hsm of hsms) {
    hsm.script = (name) => {
      if (name === 'destroyKey' && asked++ === 0) hsm.keys.delete(handle)
      return 'usual'
    }
  }
  t.true(E.isRight(await settled(application.destroyKey(handle))))
  t.true(hsms.every((hsm) => hsm.tombstones.has(handle)))
  await settled(client.close())
})
