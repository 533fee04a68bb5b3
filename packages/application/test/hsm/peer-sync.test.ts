import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { subject } from '@hsmlab/ports'
import { encodeLogRequest, OPERATION, subjects } from '@hsmlab/protocol'
import { type RealCluster, realCluster } from '../client/real-cluster.ts'
import { freshId, rawChannel } from './raw-channel.ts'

/** Sees every request on the bus, and answers in its place when it gives a promise. */
const tapRequests = (
  { bus }: RealCluster,
  see: (to: string, message: Uint8Array) => Promise<never> | undefined,
): void => {
  const { request } = bus
  Object.assign(bus, {
    request: (...asked: Parameters<typeof request>) => {
      const instead = see(asked[0], asked[1])
      return instead === undefined ? request(...asked) : () => instead
    },
  })
}

const timeOut = Promise.resolve(E.left({ _tag: 'RequestTimedOut' })) as Promise<never>

/** A key that only the first HSM has. */
const makeAlone = async (cluster: RealCluster): Promise<void> => {
  const raw = await rawChannel(cluster, 0)
  const session = await raw.loggedIn()
  await cluster.settled(raw.json('generateKey', session, raw.aesRequest()))
  raw.close()
}

test('an HSM that leaves hands over to the peers that answer, and does not wait for a zone that is away', async (t) => {
  const cluster = await realCluster()
  const { hsms, cut, soon } = cluster
  await cluster.clock.advance(1000)
  cut.add(2)
  await makeAlone(cluster)
  const { value, millis } = await soon(hsms[0]!.handOver())
  t.true(E.isRight(value))
  t.true(millis < 5000, `${millis}`)
  t.is(hsms[1]!.describe().keys, 1)
  t.is(hsms[0]!.describe().condition, 'draining')
  cut.delete(2)
  await cluster.clock.advance(5000)
  t.is(hsms[2]!.describe().keys, 1)
  await cluster.close()
})

test('an HSM that reaches no peer hands over to nobody', async (t) => {
  const cluster = await realCluster()
  cluster.cut.add(1).add(2)
  const { value } = await cluster.soon(cluster.hsms[0]!.handOver())
  t.like(value, { left: { code: 'unready' } })
  cluster.cut.clear()
  const later = await cluster.soon(cluster.hsms[0]!.handOver())
  t.true(E.isRight(later.value))
  await cluster.close()
})

test('an HSM does not serve before each peer that answers was heard to the end', async (t) => {
  const cluster = await realCluster()
  const { hsms, hsmIds, open, settled, clock } = cluster
  await settled(hsms[2]!.crash())
  await makeAlone(cluster)
  await settled(hsms[1]!.crash())
  let questions = 0
  let isFlapping = true
  tapRequests(cluster, (to) => {
    if (to !== subjects.peer(hsmIds[0]!)) return undefined
    questions += 1
    return isFlapping && questions % 2 === 0 ? timeOut : undefined
  })
  await settled(open(2))
  await clock.advance(3000)
  t.is(hsms[2]!.describe().condition, 'joining')
  isFlapping = false
  await clock.advance(3000)
  t.is(hsms[2]!.describe().condition, 'serving')
  t.is(hsms[2]!.describe().keys, 1)
  await settled(open(1))
  await clock.advance(3000)
  await cluster.close()
})

test('two HSMs that join at once both serve', async (t) => {
  const cluster = await realCluster()
  const { hsms, open, settled, clock } = cluster
  await settled(Promise.all([hsms[1]!.crash(), hsms[2]!.crash()]))
  await makeAlone(cluster)
  await settled(Promise.all([open(1), open(2)]))
  await clock.advance(3000)
  t.deepEqual(
    hsms.map((hsm) => hsm.describe().condition),
    ['serving', 'serving', 'serving'],
  )
  t.is(new Set(hsms.map((hsm) => hsm.describe().digest)).size, 1)
  await cluster.close()
})

test('whoever shouts that an HSM leaves brings about a round or two, and no more', async (t) => {
  const cluster = await realCluster()
  const { bus, hsmIds, clock } = cluster
  let questions = 0
  tapRequests(cluster, (to) => {
    if (to === subjects.peer(hsmIds[0]!)) questions += 1
    return undefined
  })
  const shout = Uint8Array.of(...new Uint8Array(16), ...utf8Bytes(hsmIds[0]!))
  for (let i = 0; i < 100; i += 1) void bus.request(subject(subjects.handOver(hsmIds[1]!)), shout, 1000)()
  await clock.advance(100)
  t.true(questions > 0 && questions <= 4, `${questions}`)
  await cluster.close()
})

test('how far a peer has come is what it signs now: what it said before accuses nobody', async (t) => {
  const cluster = await realCluster()
  const { bus, hsms, hsmIds, clock, settled, logged } = cluster
  const peer = hsmIds[1]!
  const older = await settled(
    bus.request(subject(subjects.logRecords(peer)), encodeLogRequest({ from: 0, nonce: new Uint8Array(16) }), 1000)(),
  )
  if (E.isLeft(older)) return t.fail('the peer tells nothing')
  await clock.advance(3000)
  const known = hsms[0]!.describe().lag[peer] ?? 0
  t.true(known > 0)
  const admin = await cluster.loggedIn()
  await settled(admin.logout())
  await clock.advance(3000)
  t.true((hsms[0]!.describe().lag[peer] ?? 0) > known)
  const before = hsms[0]!.describe().lag[peer]
  let answer = older.right
  tapRequests(cluster, (to) =>
    to === subjects.logRecords(peer) ? (Promise.resolve(E.right(answer)) as Promise<never>) : undefined,
  )
  answer = Uint8Array.from(older.right, (byte, i) => (i === 15 ? byte ^ 0x40 : byte))
  await clock.advance(3000)
  t.is(hsms[0]!.describe().lag[peer], before)
  t.false(logged().some((line) => line.includes('another history')))
  answer = older.right
  await clock.advance(3000)
  t.is(hsms[0]!.describe().lag[peer], before)
  t.false(logged().some((line) => line.includes('another history')))
  await cluster.close()
})

test('a copy that no HSM of the cluster made is taken from nobody', async (t) => {
  const cluster = await realCluster()
  await makeAlone(cluster)
  const raw = await rawChannel(cluster, 0)
  const session = await raw.loggedIn()
  const found = await cluster.settled(raw.json('findKeys', session, { filter: {}, after: 0, limit: 1 }))
  const { handle } = found.reply!.keys[0]!
  const { record } = (await cluster.settled(raw.json('extractKey', session, { handle }))).reply!
  const other = await rawChannel(cluster, 1)
  const there = await other.loggedIn()
  for (const altered of [
    { ...record, owner: 'user2' as typeof record.owner },
    { ...record, generation: 2 },
    { ...record, fixed: { ...record.fixed, CKA_SENSITIVE: false } },
    { ...record, mutable: { ...record.mutable, CKA_DECRYPT: !record.mutable.CKA_DECRYPT } },
    { ...record, maskingKeyId: '00' },
  ]) {
    const refused = await cluster.settled(other.json('insertKey', there, { commandId: freshId(), record: altered }))
    t.is(refused.ckr, 'CKR_FUNCTION_FAILED')
  }
  // JSON has numbers that are none.
  const endless = JSON.stringify({ commandId: freshId(), record }).replace('"generation":1', '"generation":1e999')
  t.not((await cluster.settled(other.post(OPERATION.insertKey, there, utf8Bytes(endless)))).ckr, 0)
  t.is(cluster.hsms[1]?.describe().keys ?? 1, 0)
  await cluster.close()
})
