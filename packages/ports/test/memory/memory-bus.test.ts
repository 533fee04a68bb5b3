import test from 'ava'
import { busContract } from '../../src/contract/bus.ts'
import { subject } from '../../src/bus.ts'
import { memoryBus } from '../../src/memory/memory-bus.ts'
import { virtualClock } from '../../src/memory/virtual-clock.ts'

const turned = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

const open = (turn?: (run: () => void) => void) => {
  const clock = virtualClock({ settle: turned })
  return { clock, bus: memoryBus({ clock, ...(turn === undefined ? {} : { turn }) }) }
}

busContract(test, () => {
  const { bus, clock } = open((run) => void setImmediate(run))
  return Promise.resolve({
    near: bus,
    far: bus,
    settle: turned,
    pass: clock.advance,
    close: () => Promise.resolve(),
  })
})

const at = subject('a', 'stream')
const entry = (position: number) => ({ from: position, to: position, message: Uint8Array.of(position) })

test('a lost feed delivers what comes after the loss, positions and all', async (t) => {
  const { bus } = open()
  const got: number[] = []
  for (const position of [0, 1]) await bus.publish(at, entry(position))()
  bus.loseFeed()
  bus.follow(at, 0, ({ to }) => Promise.resolve(void got.push(to)))
  await turned()
  await bus.publish(at, entry(2))()
  await turned()
  bus.loseFeed()
  await bus.publish(at, entry(3))()
  await turned()
  t.deepEqual(got, [2, 3])
})

test('a follower with a slow hand finds a gap where the feed was lost meanwhile', async (t) => {
  const { bus } = open()
  const got: number[] = []
  for (const position of [0, 1, 2]) await bus.publish(at, entry(position))()
  bus.follow(at, 0, async ({ to }) => {
    got.push(to)
    if (to === 0) bus.loseFeed()
    await turned()
  })
  await turned()
  await bus.publish(at, entry(3))()
  await turned()
  await turned()
  t.deepEqual(got, [0, 3])
})

test('past its retention the feed drops the oldest entries', async (t) => {
  const clock = virtualClock()
  const bus = memoryBus({ clock, feedRetention: { entriesMax: 3, bytesMax: 1000 } })
  for (const position of [0, 1, 2, 3, 4]) await bus.publish(at, entry(position))()
  const got: number[] = []
  bus.follow(at, 0, ({ to }) => Promise.resolve(void got.push(to)))
  await turned()
  t.deepEqual(got, [2, 3, 4])
})

test('an answer in time leaves no timer behind', async (t) => {
  const { bus, clock } = open()
  bus.serve(at, (message) => Promise.resolve(message))
  await bus.request(at, Uint8Array.of(1), 1000)()
  t.is(clock.pending(), 0)
})

test('a subject has one server', (t) => {
  const { bus } = open()
  bus.serve(at, (message) => Promise.resolve(message))
  t.throws(() => bus.serve(at, (message) => Promise.resolve(message)), { message: /a\.stream has a server already/ })
})

test('two sides that answer each other for ever let the event loop turn', async (t) => {
  const { bus } = open((run) => void setImmediate(run))
  let messages = 0
  let stopped = false
  bus.listen(at, (message) => {
    messages += 1
    if (!stopped) bus.send(at, message)
  })
  bus.send(at, Uint8Array.of(1))
  await new Promise<void>((resolve) => void setTimeout(resolve, 1))
  stopped = true
  t.true(messages > 100)
})
