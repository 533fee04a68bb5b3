import { fc, testProp } from '@fast-check/ava'
import { virtualClock } from '../../src/memory/virtual-clock.ts'

const timer = fc.record({ delay: fc.nat(50), cancelled: fc.boolean() })

testProp(
  'timers run sorted by time, then by making, and none that is cancelled',
  [fc.array(timer)],
  async (t, timers) => {
    const clock = virtualClock()
    const ran: number[] = []
    const cancels = timers.map(({ delay }, i) => clock.after(delay, () => void ran.push(i)))
    timers.forEach(({ cancelled }, i) => cancelled && cancels[i]?.())
    await clock.advance(50)
    const expected = timers
      .map(({ delay, cancelled }, i) => ({ delay, cancelled, i }))
      .filter(({ cancelled }) => !cancelled)
      .toSorted((a, b) => a.delay - b.delay || a.i - b.i)
    t.deepEqual(
      ran,
      expected.map(({ i }) => i),
    )
    t.is(clock.pending(), 0)
  },
)
