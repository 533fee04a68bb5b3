import test from 'ava'
import { clockContract } from '../../src/contract/clock.ts'
import { virtualClock } from '../../src/memory/virtual-clock.ts'

clockContract(test, () => {
  const clock = virtualClock()
  return { clock, pass: clock.advance }
})

test('time stands still until it is told to move', async (t) => {
  const clock = virtualClock({ startMicros: 5_000_000 })
  await new Promise((resolve) => void setImmediate(resolve))
  t.is(clock.monotonicMillis(), 0)
  t.is(clock.wallMicros(), 5_000_000)
  await clock.advance(1.5)
  t.is(clock.monotonicMillis(), 1.5)
  t.is(clock.wallMicros(), 5_001_500)
})

test('a timer sees the time it was set for', async (t) => {
  const clock = virtualClock()
  const seen: number[] = []
  for (const delay of [7, 3]) clock.after(delay, () => void seen.push(clock.monotonicMillis()))
  await clock.advance(100)
  t.deepEqual(seen, [3, 7])
  t.is(clock.monotonicMillis(), 100)
})

test('timers of one moment run in the order of their making', async (t) => {
  const clock = virtualClock()
  const ran: number[] = []
  for (let i = 0; i < 20; i += 1) clock.after(5, () => void ran.push(i))
  await clock.advance(5)
  t.deepEqual(ran, [...Array(20).keys()])
})

test('what a timer sets going comes to rest before the next timer', async (t) => {
  const clock = virtualClock()
  const done: string[] = []
  const chain = async (name: string) => {
    for (let i = 0; i < 10; i += 1) await Promise.resolve()
    done.push(name)
  }
  clock.after(1, () => void chain('first'))
  clock.after(2, () => void done.push('second'))
  await clock.advance(2)
  t.deepEqual(done, ['first', 'second'])
})

test('stepping goes from timer to timer, past those cancelled', async (t) => {
  const clock = virtualClock()
  clock.after(10, () => undefined)()
  clock.after(20, () => undefined)
  t.is(clock.pending(), 1)
  t.true(await clock.advanceToNext())
  t.is(clock.monotonicMillis(), 20)
  t.false(await clock.advanceToNext())
})

test('the wall clock may jump back while monotonic time does not', async (t) => {
  const clock = virtualClock()
  const wall = clock.wallMicros()
  clock.shiftWall(-3_600_000_000)
  t.is(clock.wallMicros(), wall - 3_600_000_000)
  t.is(clock.monotonicMillis(), 0)
})
