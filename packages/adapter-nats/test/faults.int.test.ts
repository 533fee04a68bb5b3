import test from 'ava'
import { subject } from '@hsmlab/ports'
import * as E from 'fp-ts/lib/Either.js'
import { connect, headers } from 'nats'
import { binary, busFor, followUntil, publish, serverFor, tagOf } from './support/real-server.ts'

const realTest = binary === undefined ? undefined : test

const log = subject('log', 'cluster-a', 'hsm-a')
const at = subject('hsm', 'hsm-a', 'hello')
const entry = (position: number) => ({ from: position, to: position, message: Uint8Array.of(position) })
const echo = (message: Uint8Array): Promise<Uint8Array> => Promise.resolve(message)

/** Resolves when `condition` holds. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => void setTimeout(resolve, 5))
}

realTest?.('a request under way when the server dies has an unknown outcome, and the next finds nobody', async (t) => {
  const server = await serverFor(t)
  const [near, far] = [await busFor(t, server), await busFor(t, server)]
  const asked = new Promise<void>((resolve) => {
    far.serve(at, () => {
      resolve()
      return new Promise(() => undefined)
    })
  })
  await far.flush()
  const asking = near.request(at, Uint8Array.of(1), 60_000)()
  await asked
  await server.kill()
  t.is(tagOf(await asking), 'OutcomeUnknown')
  await until(() => !near.isConnected())
  t.is(tagOf(await near.request(at, Uint8Array.of(1), 60_000)()), 'NoResponder')
})

realTest?.('after kill -9 and restart of the server all goes on: requests, datagrams, the feed', async (t) => {
  const server = await serverFor(t)
  const [near, far] = [await busFor(t, server), await busFor(t, server)]
  const heard: number[] = []
  far.serve(at, echo)
  far.listen(at, ([first = 0]) => void heard.push(first))
  const following = followUntil(far, log, 0, 3)
  for (const position of [0, 1]) t.is(await publish(near, log, entry(position)), 'right')

  await server.kill()
  await until(() => !near.isConnected())
  near.send(at, Uint8Array.of(9))
  t.is(tagOf(await near.publish(log, entry(2))()), 'FeedUnavailable')
  await server.restart()
  await until(() => near.isConnected() && far.isConnected())
  await far.flush()

  t.deepEqual(await near.request(at, Uint8Array.of(5), 10_000)(), E.right(Uint8Array.of(5)))
  near.send(at, Uint8Array.of(7))
  await near.flush()
  await far.flush()
  t.true(heard.includes(7))
  for (const position of [2, 3]) t.is(await publish(near, log, entry(position)), 'right')
  t.deepEqual(await following, [0, 1, 2, 3])
})

realTest?.('a publication that the server answers too late is read back and kept once', async (t) => {
  const server = await serverFor(t)
  const near = await busFor(t, server)
  await near.publish(log, entry(0))()
  server.freeze()
  const publishing = publish(near, log, entry(1))
  await new Promise((resolve) => void setTimeout(resolve, 300))
  await server.kill()
  await server.restart()
  t.is(await publishing, 'right')
  t.is(await publish(near, log, entry(2)), 'right')
  t.deepEqual(await followUntil(near, log, 0, 2), [0, 1, 2])
})

realTest?.('a feed that lost everything is made again, and its followers get what comes after', async (t) => {
  const server = await serverFor(t)
  const near = await busFor(t, server)
  const got: number[] = []
  near.follow(log, 0, ({ to }) => Promise.resolve(void got.push(to)))
  for (const position of [0, 1, 2]) await near.publish(log, entry(position))()
  await until(() => got.length === 3)

  const nats = await connect({ servers: server.url })
  t.teardown(() => nats.close())
  const manager = await nats.jetstreamManager()
  await manager.streams.delete('hsmlab-feed')
  t.is(await publish(near, log, entry(3)), 'right')
  await until(() => got.length === 4)
  t.deepEqual(got, [0, 1, 2, 3])
})

realTest?.('a follower finds its first position in a long stream, and in one published out of order', async (t) => {
  const server = await serverFor(t)
  const near = await busFor(t, server)
  await Promise.all(Array.from({ length: 60 }, (_, position) => near.publish(log, entry(position))()))
  await Promise.all([30, 31].map((position) => near.publish(log, { ...entry(position), message: Uint8Array.of(0) })()))
  await near.publish(log, entry(60))()
  t.deepEqual(await followUntil(near, log, 58, 60), [58, 59, 60])
  t.is((await followUntil(near, log, 40, 60))[0], 40)
  t.is((await followUntil(near, log, 33, 60)).length, 28)
})

realTest?.('a full feed refuses, and keeps what it has', async (t) => {
  const server = await serverFor(t)
  const near = await busFor(t, server, { feedBytesMax: 20_000 })
  const big = { from: 1, to: 1, message: new Uint8Array(30_000) }
  t.is(await publish(near, log, entry(0)), 'right')
  t.is(tagOf(await near.publish(log, big)()), 'FeedFull')
  t.is(await publish(near, log, entry(1)), 'right')
  t.deepEqual(await followUntil(near, log, 0, 1), [0, 1])
})

realTest?.('garbage on any of our subjects harms nobody', async (t) => {
  const server = await serverFor(t)
  const [near, hostile] = [await busFor(t, server), await connect({ servers: server.url })]
  t.teardown(() => hostile.close())
  near.serve(at, echo)
  const heard: number[] = []
  near.listen(at, (message) => void heard.push(message.length))
  await near.flush()

  const badRun = headers()
  badRun.set('Hsmlab-Run', '5-1e9')
  for (const bytes of [new Uint8Array(), Uint8Array.of(255, 0, 13, 10), new Uint8Array(100_000).fill(13)]) {
    hostile.publish(`hsmlab.${at}`, bytes)
    hostile.publish(`hsmlab.${at}`, bytes, { reply: 'nowhere', headers: badRun })
    hostile.publish(`hsmlab-feed.${log}`, bytes)
    hostile.publish(`hsmlab-feed.${log}`, bytes, { headers: badRun })
  }
  await hostile.flush()
  await near.flush()

  t.deepEqual(await near.request(at, Uint8Array.of(5), 10_000)(), E.right(Uint8Array.of(5)))
  t.is(heard.length, 7)
  for (const position of [0, 1]) t.is(await publish(near, log, entry(position)), 'right')
  t.deepEqual(await followUntil(near, log, 0, 1), [0, 1])
  t.deepEqual(await followUntil(near, log, 1, 1), [1])
})

realTest?.('a hostile run that claims positions keeps no true run from followers', async (t) => {
  const server = await serverFor(t)
  const [near, hostile] = [await busFor(t, server), await connect({ servers: server.url })]
  t.teardown(() => hostile.close())
  const claims = ['0-9007199254740990', '1-1', '2-2', '0-0']
  for (const claim of claims) {
    const forged = headers()
    forged.set('Hsmlab-Run', claim)
    hostile.publish(`hsmlab-feed.${log}`, Uint8Array.of(66), { headers: forged })
  }
  await hostile.flush()
  for (const position of [0, 1, 2]) t.is(await publish(near, log, entry(position)), 'right')
  for (const from of [0, 1, 2]) {
    const got: number[] = []
    await new Promise<void>((resolve) => {
      const stop = near.follow(log, from, ({ to, message: [first = 66] }) => {
        if (first !== 66) got.push(to)
        if (first === 2) resolve(stop())
        return Promise.resolve()
      })
    })
    t.deepEqual(got, [0, 1, 2].slice(from))
  }
})

realTest?.('buses meet only within one namespace', async (t) => {
  const server = await serverFor(t)
  const [one, other] = [await busFor(t, server), await busFor(t, server, { namespace: 'other' })]
  one.serve(at, echo)
  await one.flush()
  t.is(tagOf(await other.request(at, Uint8Array.of(1), 1000)()), 'NoResponder')
  await one.publish(log, entry(0))()
  await other.publish(log, entry(7))()
  t.deepEqual(await followUntil(other, log, 0, 7), [7])
})

realTest?.('a closed bus answers every call, and leaves nothing running', async (t) => {
  const server = await serverFor(t)
  const bus = await busFor(t, server)
  const stop = bus.follow(log, 0, () => Promise.resolve())
  bus.serve(at, echo)
  await bus.close()
  await bus.close()
  stop()
  t.false(bus.isConnected())
  bus.send(at, Uint8Array.of(1))
  t.is(tagOf(await bus.request(at, Uint8Array.of(1), 1000)()), 'NoResponder')
  t.is(tagOf(await bus.publish(log, entry(0))()), 'FeedUnavailable')
})

realTest?.('a server that is started again without syncing gets nothing more to keep', async (t) => {
  const server = await serverFor(t)
  const bus = await busFor(t, server)
  t.is(await publish(bus, log, entry(0)), 'right')
  await server.restart({ syncInterval: '2m' })
  await until(() => bus.isConnected())
  t.is(tagOf(await bus.publish(log, entry(1))()), 'FeedUnavailable')
})
