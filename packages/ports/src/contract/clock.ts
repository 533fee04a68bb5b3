import { type Clock, sleep } from '../clock.ts'
import type { Assertions, Test } from './test-face.ts'

/** 2020-01-01T00:00:00Z in microseconds. */
const YEAR_2020 = 1_577_836_800_000_000

export type ClockUnderTest = Readonly<{
  clock: Clock
  /** Lets at least `millis` of this clock's time pass. */
  pass: (millis: number) => Promise<void>
}>

/** What every clock must do. */
export const clockContract = (test: Test, open: () => ClockUnderTest): void => {
  const clockTest = (title: string, check: (t: Assertions, under: ClockUnderTest) => Promise<void>): void =>
    test(title, (t) => check(t, open()))

  clockTest('monotonic time goes forward as time passes', async (t, { clock, pass }) => {
    const before = clock.monotonicMillis()
    await pass(5)
    const after = clock.monotonicMillis()
    t.true(after - before >= 4.9)
    t.true(clock.monotonicMillis() >= after)
  })

  clockTest('wall time counts whole microseconds since 1970', async (t, { clock, pass }) => {
    const before = clock.wallMicros()
    t.true(Number.isSafeInteger(before))
    t.true(before > YEAR_2020)
    await pass(5)
    t.true(clock.wallMicros() > before)
  })

  clockTest('a timer runs once, and not before its time', async (t, { clock, pass }) => {
    const start = clock.monotonicMillis()
    const ran: number[] = []
    clock.after(10, () => void ran.push(clock.monotonicMillis() - start))
    await pass(5)
    t.deepEqual(
      ran.filter((at) => at < 9),
      [],
    )
    await pass(30)
    t.is(ran.length, 1)
    await pass(30)
    t.is(ran.length, 1)
  })

  clockTest('a timer of no delay is still not synchronous', async (t, { clock, pass }) => {
    let ran = false
    clock.after(0, () => void (ran = true))
    t.false(ran)
    await pass(5)
    t.true(ran)
  })

  clockTest('timers run in the order of their times', async (t, { clock, pass }) => {
    const ran: number[] = []
    for (const delay of [30, 1, 15]) clock.after(delay, () => void ran.push(delay))
    await pass(60)
    t.deepEqual(ran, [1, 15, 30])
  })

  clockTest('a cancelled timer never runs, and may be cancelled again', async (t, { clock, pass }) => {
    let ran = 0
    const cancel = clock.after(5, () => void (ran += 1))
    const cancelLater = clock.after(5, () => void (ran += 1))
    cancel()
    cancel()
    await pass(30)
    cancelLater()
    t.is(ran, 1)
  })

  clockTest('a timer may set the next one', async (t, { clock, pass }) => {
    let ran = 0
    const again = (): void => {
      ran += 1
      if (ran < 3) clock.after(1, again)
    }
    clock.after(1, again)
    for (let i = 0; i < 3; i += 1) await pass(20)
    t.is(ran, 3)
  })

  clockTest('sleep resolves when its time has passed', async (t, { clock, pass }) => {
    const start = clock.monotonicMillis()
    const sleeping = sleep(clock, 10).then(() => clock.monotonicMillis() - start)
    await pass(40)
    t.true((await sleeping) >= 9)
  })
}
