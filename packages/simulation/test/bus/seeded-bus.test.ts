import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { eventLoopTurn } from '@hsmlab/adapter-node'
import { subject } from '@hsmlab/ports'
import { busContract } from '@hsmlab/ports/contract'
import { virtualClock } from '@hsmlab/ports/memory'
import { seededBus } from '../../src/bus/seeded-bus.ts'

const open = (seed = 'test') => {
  const clock = virtualClock({ settle: eventLoopTurn })
  return { clock, bus: seededBus({ clock, seed }) }
}

busContract(test, () => {
  const { clock, bus } = open()
  let closed = false
  const run = async (): Promise<void> => {
    while (!closed) {
      await eventLoopTurn()
      await clock.advanceToNext()
    }
  }
  void run()
  const later = (): Promise<void> => new Promise((resolve) => void clock.after(10, resolve))
  return Promise.resolve({
    near: bus.join('near', 'a'),
    far: bus.join('far', 'b'),
    settle: later,
    pass: later,
    close: () => {
      closed = true
      return Promise.resolve()
    },
  })
})

const at = subject('some', 'subject')
const bytes = (value: number): Uint8Array => Uint8Array.of(value)

/** Sends 200 numbered datagrams from `a` to `b`, and says which arrived, in order. */
const sendMany = async (seed: string, spoil: (bus: ReturnType<typeof open>['bus']) => void) => {
  const { clock, bus } = open(seed)
  const sender = bus.join('sender', 'a')
  const got: number[] = []
  bus.join('receiver', 'b').listen(at, ([value = -1]) => void got.push(value))
  spoil(bus)
  for (let value = 0; value < 200; value += 1) {
    sender.send(at, bytes(value))
    await clock.advance(0.1)
  }
  await clock.advance(5000)
  return got
}

test('a calm bus delivers everything once and in order', async (t) => {
  const got = await sendMany('calm', () => undefined)
  t.deepEqual(got, [...Array(200).keys()])
})

test('loss, duplication, replay, alteration and overtaking happen as often as asked, and the same way for the same seed', async (t) => {
  const spoil = (faults: Parameters<ReturnType<typeof open>['bus']['network']['setFaults']>[0]) => (seed: string) =>
    sendMany(seed, ({ network }) => network.setFaults(faults))
  const lossy = await spoil({ loss: 0.3 })('one')
  t.true(lossy.length > 110 && lossy.length < 170)
  t.deepEqual(await spoil({ loss: 0.3 })('one'), lossy)
  t.notDeepEqual(await spoil({ loss: 0.3 })('another'), lossy)

  const doubled = await spoil({ duplicate: 0.3 })('one')
  t.true(doubled.length > 230 && doubled.length < 290)

  const replayed = await spoil({ replay: 0.3 })('one')
  t.true(replayed.length > 230 && replayed.length < 290)
  t.is(new Set(replayed).size, 200)

  const altered = await spoil({ alter: 0.3 })('one')
  t.is(altered.length, 200)
  const untouched = altered.filter((value, i) => value === i).length
  t.true(untouched > 110 && untouched < 170)

  const shuffled = await spoil({ reorder: 0.5, delayMax: 20 })('one')
  t.is(shuffled.length, 200)
  t.notDeepEqual(
    shuffled,
    shuffled.toSorted((a, b) => a - b),
  )
})

test('a cut holds in its direction until it is mended', async (t) => {
  const { clock, bus } = open()
  const [a, b] = [bus.join('a', 'a'), bus.join('b', 'b')]
  const got: string[] = []
  a.listen(at, () => void got.push('a'))
  b.listen(at, () => void got.push('b'))
  const exchange = async (): Promise<ReadonlyArray<string>> => {
    got.length = 0
    bus.join('c', 'a').send(at, bytes(1))
    bus.join('d', 'b').send(at, bytes(2))
    await clock.advance(10)
    return got.toSorted()
  }
  const mend = bus.network.cut('a', 'b')
  t.deepEqual(await exchange(), ['a', 'a', 'b'])
  mend()
  t.deepEqual(await exchange(), ['a', 'a', 'b', 'b'])
})

test('a question over a cut link times out, or is known to be lost', async (t) => {
  const { clock, bus } = open()
  bus.join('server', 'b').serve(at, (question) => Promise.resolve(question))
  const asker = bus.join('asker', 'a')
  bus.network.cut('b', 'a')
  const outcomes = new Set<string>()
  for (let i = 0; i < 30; i += 1) {
    void asker
      .request(at, bytes(i), 50)()
      .then((result) => outcomes.add(E.isLeft(result) ? result.left._tag : 'answered'))
  }
  bus.network.cut('a', 'b')
  for (let i = 0; i < 30; i += 1) {
    void asker
      .request(at, bytes(i), 50)()
      .then((result) => outcomes.add(E.isLeft(result) ? result.left._tag : 'answered'))
  }
  await clock.advance(100)
  t.deepEqual([...outcomes].sort(), ['OutcomeUnknown', 'RequestTimedOut'])
})

test('nothing reaches a process that died, and nothing leaves it', async (t) => {
  const { clock, bus } = open()
  const [dying, other] = [bus.join('dying', 'a'), bus.join('other', 'b')]
  const got: string[] = []
  dying.listen(at, () => void got.push('dying'))
  dying.serve(subject(at, 'served'), (question) => Promise.resolve(question))
  other.listen(at, () => void got.push('other'))
  let answered = false
  other.send(at, bytes(1))
  void dying
    .request(subject(at, 'nobody'), bytes(1), 5)()
    .then(() => (answered = true))
  const asked = other.request(subject(at, 'served'), bytes(1), 50)()
  dying.die()
  dying.send(at, bytes(2))
  await clock.advance(100)
  t.deepEqual(got, ['other'])
  t.false(answered)
  t.deepEqual(await asked, E.left({ _tag: 'RequestTimedOut' }))
  bus.join('successor', 'a').serve(subject(at, 'served'), (question) => Promise.resolve(question))
  t.pass('a successor takes its place')
})

test('a feed that is down takes nothing for certain, and goes on when it is back', async (t) => {
  const { clock, bus } = open()
  const [publisher, follower] = [bus.join('publisher', 'a'), bus.join('follower', 'b')]
  const got: number[] = []
  follower.follow(at, 0, ({ to }) => Promise.resolve(void got.push(to)))
  const publish = async (position: number): Promise<string> => {
    const published = publisher.publish(at, { from: position, to: position, message: bytes(position) })()
    await clock.advance(2000)
    const result = await published
    return E.isLeft(result) ? result.left._tag : 'kept'
  }
  t.is(await publish(0), 'kept')
  bus.feed.setDown(true)
  t.is(await publish(1), 'FeedUnavailable')
  bus.feed.setDown(false)
  t.is(await publish(2), 'kept')
  t.deepEqual(
    got.filter((position) => position !== 1),
    [0, 2],
  )
})
