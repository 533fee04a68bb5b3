import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { KeyHandle } from '@hsmlab/domain'
import { seededRandom } from '@hsmlab/ports/memory'
import { scriptedCluster } from './scripted/scripted-cluster.ts'
import { makeKey, signWith } from './scripted/with-key.ts'

const NETWORK = { loss: 0.05, duplication: 0.1, delayMillisMax: 15 }

/** Random work on a bad network, with HSMs that vanish, restart and come back. */
const history = async (seed: number) => {
  const cluster = scriptedCluster({ seed, network: NETWORK })
  const { clock, hsms, client } = cluster
  const application = await cluster.loggedIn()
  const random = seededRandom(`history ${seed}`)
  const draw = (below: number): number => (random.bytes(1)[0] ?? 0) % below
  const acknowledged = new Set<KeyHandle>()
  const deleted = new Set<KeyHandle>()
  let unknown = 0
  const trace: string[] = []
  const unexpected: string[] = []
  const backSince = new Map<string, number>()
  /** HSMs that can give a signature now: there, not just come back, and with the key. Nobody repairs keys here. */
  const ableTo = (handle: KeyHandle): number =>
    hsms.filter(({ cut, keys, member }) => {
      const backFor = clock.monotonicMillis() - (backSince.get(member.hsmId) ?? -Infinity)
      return !cut && keys.has(handle) && backFor > 3000
    }).length
  const note = (what: string, result: E.Either<{ _tag: string }, unknown>): void =>
    void trace.push(`${what} ${E.isRight(result) ? 'ok' : result.left._tag}`)

  for (let step = 0; step < 60; step += 1) {
    const victim = hsms[draw(3)]!
    const [handle] = acknowledged
    switch (draw(8)) {
      case 0:
        if (hsms.every(({ cut }) => !cut)) victim.cut = true
        break
      case 1:
        for (const hsm of hsms) {
          if (hsm.cut) backSince.set(hsm.member.hsmId, clock.monotonicMillis())
          hsm.cut = false
        }
        break
      case 2:
        if (hsms.some(({ cut }) => cut)) break
        victim.restart()
        backSince.set(victim.member.hsmId, clock.monotonicMillis())
        break
      case 3: {
        if (handle === undefined) break
        const result = await cluster.settled(application.destroyKey(handle))
        acknowledged.delete(handle)
        if (E.isRight(result)) deleted.add(handle)
        note('destroy', result)
        break
      }
      case 4:
      case 5: {
        const key = await cluster.settled(makeKey(application))
        if (E.isRight(key)) acknowledged.add(key.right.handle)
        else unknown += 1
        note('generate', key)
        break
      }
      default: {
        if (handle === undefined) break
        const able = ableTo(handle)
        const result = await cluster.settled(signWith(application, handle))
        note('sign', result)
        if (E.isLeft(result) && able >= 2) unexpected.push(result.left.message)
      }
    }
    await clock.advance(draw(200))
  }
  for (const hsm of hsms) hsm.cut = false
  await clock.advance(5000)
  const made = new Set(hsms.flatMap((hsm) => [...hsm.keys.keys(), ...hsm.tombstones.keys()]))
  const holders = (handle: number): number => hsms.filter((hsm) => hsm.keys.has(handle)).length
  const result = {
    trace,
    made: made.size,
    unknown,
    unexpected,
    created: trace.filter((line) => line === 'generate ok').length,
    lost: [...acknowledged].filter((handle) => holders(handle) < 2),
    undead: [...deleted].filter((handle) => hsms.filter((hsm) => hsm.tombstones.has(handle)).length < 2),
  }
  await cluster.settled(client.close())
  return result
}

for (const seed of [1, 2, 3]) {
  test(`on a bad network, seed ${seed}: no key is made twice, none that was acknowledged is lost`, async (t) => {
    const { trace, made, created, unknown, unexpected, lost, undead } = await history(seed)
    t.true(made <= created + unknown, `${made} keys were made, ${created} acknowledged, ${unknown} unknown`)
    t.deepEqual(lost, [])
    t.deepEqual(undead, [])
    t.deepEqual(unexpected, [])
    t.true(trace.includes('sign ok') && trace.includes('destroy ok'))
  })
}

test('the same seed gives the same history', async (t) => {
  const [first, second] = [await history(4), await history(4)]
  t.deepEqual(first, second)
})
