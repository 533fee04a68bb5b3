import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { CKM } from '@hsmlab/pkcs11'
import { refuse } from './scripted/scripted-hsm.ts'
import { scriptedCluster } from './scripted/scripted-cluster.ts'
import { makeKey, signWith } from './scripted/with-key.ts'

const AVAILABILITY = (handle: string) =>
  `Key ${handle} does not meet the availability requirements - The key must be available on at least 2 HSMs before being used.`

test('a token key is on all HSMs before it is acknowledged', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  const key = await cluster.settled(makeKey(application))
  if (E.isLeft(key)) return t.fail(key.left.message)
  for (const hsm of cluster.hsms) t.true(hsm.keys.has(key.right.handle))
  t.is(
    cluster.hsms.reduce((sum, hsm) => sum + hsm.counts('generateKey'), 0),
    1,
  )
  t.is(
    cluster.hsms.reduce((sum, hsm) => sum + hsm.counts('insertKey'), 0),
    2,
  )
  await cluster.settled(cluster.client.close())
})

test('both halves of a pair are copied', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  const options = { mechanism: CKM.CKM_EC_KEY_PAIR_GEN, tag: 0 }
  const pair = await cluster.settled(application.generateKeyPair({ CKA_TOKEN: true }, { CKA_TOKEN: true }, options))
  if (E.isLeft(pair)) return t.fail(pair.left.message)
  for (const hsm of cluster.hsms) {
    t.true(hsm.keys.has(pair.right.publicKey.handle))
    t.true(hsm.keys.has(pair.right.privateKey.handle))
  }
  await cluster.settled(cluster.client.close())
})

test('HSMs of other AZs are asked first to take a copy', async (t) => {
  const cluster = scriptedCluster({ hsms: 1 })
  const { hsms, clock, signed, memberAt, addHsm, settled } = cluster
  const near = { ...memberAt(1), availabilityZone: memberAt(0).availabilityZone }
  const next = signed(2, [memberAt(0), near, memberAt(2)])
  hsms[0]!.membership = next
  hsms[0]!.membershipVersion = 2
  const [second, third] = [addHsm(near, next), addHsm(memberAt(2), next)]
  await clock.advance(500)
  const application = await cluster.loggedIn()
  await clock.advance(500)
  const inserted: string[] = []
  for (const hsm of [hsms[0]!, second, third]) {
    hsm.script = (name) => {
      if (name === 'insertKey') inserted.push(hsm.member.availabilityZone)
      return 'usual'
    }
  }
  for (let i = 0; i < 3; i += 1) await settled(makeKey(application))
  t.is(inserted.length, 6)
  // Of each pair of copies, the one for the other AZ goes first, where there is a choice.
  const near2 = near.availabilityZone
  const pairs = [0, 2, 4].map((i) => inserted.slice(i, i + 2))
  t.false(pairs.some(([first, last]) => first === near2 && last !== near2))
  await settled(cluster.client.close())
})

test('a lost answer is asked for under the same command id, and one key is made', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  const ids: string[] = []
  let lost = 0
  for (const hsm of cluster.hsms) {
    hsm.script = (name, { body }) => {
      if (name !== 'generateKey') return 'usual'
      ids.push((JSON.parse(Buffer.from(body).toString()) as { commandId: string }).commandId)
      return lost++ < 2 ? undefined : 'usual'
    }
  }
  t.true(E.isRight(await cluster.settled(makeKey(application))))
  t.is(ids.length, 3)
  t.is(new Set(ids).size, 1)
  await cluster.settled(cluster.client.close())
})

test('an HSM that restarts while it makes a key is asked again under the same command id', async (t) => {
  const cluster = scriptedCluster()
  const { hsms, settled } = cluster
  const application = await cluster.loggedIn()
  const ids: string[] = []
  for (const hsm of hsms) {
    hsm.script = (name, { body }) => {
      if (name !== 'generateKey') return 'usual'
      ids.push((JSON.parse(Buffer.from(body).toString()) as { commandId: string }).commandId)
      if (ids.length > 1) return 'usual'
      hsm.restart()
      return undefined
    }
  }
  const key = await settled(makeKey(application))
  t.true(E.isRight(key))
  t.is(new Set(ids).size, 1)
  t.is(hsms.filter((hsm) => hsm.counts('generateKey') > 0).length, 1)
  await settled(cluster.client.close())
})

test('an HSM that dies while it makes a key leaves the outcome unknown, and no other makes one', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  for (const hsm of cluster.hsms) {
    hsm.script = (name) => {
      if (name !== 'generateKey') return 'usual'
      hsm.cut = true
      return undefined
    }
  }
  const { value, millis } = await cluster.soon(makeKey(application))
  t.like(value, { left: { _tag: 'CKR_FUNCTION_FAILED' } })
  t.true(E.isLeft(value) && value.left.message.includes('outcome is unknown'))
  t.true(millis <= 10_000, `${millis} ms`)
  t.is(cluster.hsms.filter((hsm) => hsm.counts('generateKey') > 0).length, 1)
  await cluster.settled(cluster.client.close())
})

test('with one AZ away a key is acknowledged by the two others', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  cluster.hsms[0]!.cut = true
  await cluster.clock.advance(1500)
  const { value, millis } = await cluster.soon(makeKey(application))
  t.true(E.isRight(value))
  t.true(millis <= 50, `${millis} ms`)
  await cluster.settled(cluster.client.close())
})

test('an AZ that goes while a key is copied delays the answer by a moment only', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  for (const hsm of cluster.hsms.slice(2)) {
    hsm.script = (name) => {
      if (name !== 'insertKey') return 'usual'
      hsm.cut = true
      return undefined
    }
  }
  // The third HSM makes every third key itself: take one that it does not make.
  const first = await cluster.soon(makeKey(application))
  const { value, millis } = cluster.hsms[2]!.cut ? first : await cluster.soon(makeKey(application))
  t.true(E.isRight(value))
  t.true(millis <= 300, `${millis} ms`)
  await cluster.settled(cluster.client.close())
})

test('after the network was gone for all, a creation waits for those that come a moment later', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  for (const hsm of cluster.hsms) hsm.cut = true
  await cluster.clock.advance(3000)
  const making = cluster.soon(makeKey(application))
  for (const hsm of cluster.hsms) {
    await cluster.clock.advance(200)
    hsm.cut = false
  }
  const { value } = await making
  if (E.isLeft(value)) return t.fail(value.left.message)
  for (const hsm of cluster.hsms) t.true(hsm.keys.has(value.right.handle))
  await cluster.settled(cluster.client.close())
})

test('a key that is on one HSM only is not acknowledged, and the log says so in AWS words', async (t) => {
  const cluster = scriptedCluster({ hsms: 2 })
  const application = await cluster.loggedIn()
  cluster.hsms[1]!.script = (name) => (name === 'insertKey' ? refuse('CKR_FUNCTION_FAILED') : 'usual')
  cluster.hsms[0]!.script = (name) => (name === 'insertKey' ? refuse('CKR_FUNCTION_FAILED') : 'usual')
  const key = await cluster.settled(makeKey(application))
  t.like(key, { left: { _tag: 'CKR_FUNCTION_FAILED' } })
  const made = [...cluster.hsms[0]!.keys.keys(), ...cluster.hsms[1]!.keys.keys()]
  t.is(made.length, 1)
  const hex = `0x${made[0]!.toString(16).padStart(16, '0')}`
  t.true(cluster.logger.lines.some(({ message }) => message === AVAILABILITY(hex)))
  await cluster.settled(cluster.client.close())
})

test('one HSM suffices with the availability check off', async (t) => {
  const cluster = scriptedCluster({ hsms: 1 })
  const strict = await cluster.loggedIn(true)
  t.like(await cluster.settled(makeKey(strict)), { left: { _tag: 'CKR_FUNCTION_FAILED' } })
  const waived = await cluster.loggedIn(false)
  const key = await cluster.settled(makeKey(waived))
  if (E.isLeft(key)) return t.fail(key.left.message)
  t.true(E.isRight(await cluster.settled(signWith(waived, key.right.handle))))
  await cluster.settled(cluster.client.close())
})

test('what the HSM refuses is refused with its code', async (t) => {
  const cluster = scriptedCluster()
  const application = await cluster.loggedIn()
  for (const hsm of cluster.hsms) {
    hsm.script = (name) => (name === 'generateKey' ? refuse('CKR_TEMPLATE_INCONSISTENT', 0, 'no') : 'usual')
  }
  t.deepEqual(await cluster.settled(makeKey(application)), {
    _tag: 'Left',
    left: { _tag: 'CKR_TEMPLATE_INCONSISTENT', hsmReturn: 0, message: 'no' },
  })
  await cluster.settled(cluster.client.close())
})
