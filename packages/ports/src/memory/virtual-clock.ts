import { invariant } from '@hsmlab/event-sourcing'
import type { Clock } from '../clock.ts'

/** A clock that stands still until it is told to move. */
export type VirtualClock = Clock &
  Readonly<{
    /**
     * Lets `millis` pass: timers that fall due run in order of their time, and of their making where that is equal.
     * Between two timers the microtasks of the first are let through.
     */
    advance: (millis: number) => Promise<void>
    /** Lets the time pass to the next timer and runs it; false when no timer is set. */
    advanceToNext: () => Promise<boolean>
    /** Moves the wall clock alone, either way, as an operator does. */
    shiftWall: (micros: number) => void
    /** Timers that are set. */
    pending: () => number
  }>

type Timer = { readonly at: number; readonly order: number; run: (() => void) | undefined }

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A binary heap: a simulation sets and cancels millions of timers. */
const timerHeap = () => {
  const heap: Timer[] = []

  const swapIfBefore = (child: number, parent: number): boolean => {
    const a = heap[child]
    const b = heap[parent]
    if (a === undefined || b === undefined || !isBefore(a, b)) return false
    heap[child] = b
    heap[parent] = a
    return true
  }

  const push = (timer: Timer): void => {
    let at = heap.push(timer) - 1
    for (let parent = (at - 1) >> 1; at > 0 && swapIfBefore(at, parent); parent = (at - 1) >> 1) at = parent
  }

  const pop = (): Timer | undefined => {
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    for (let at = 0; ;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1
      if (!swapIfBefore(child, at)) return first
      at = child
    }
  }

  /** The next timer that is still wanted, left in its place. */
  const peek = (): Timer | undefined => {
    while (heap[0] !== undefined && heap[0].run === undefined) pop()
    return heap[0]
  }
  return { push, pop, peek }
}

export type VirtualClockOptions = Readonly<{
  /** What the wall clock shows at first, in microseconds since 1970-01-01T00:00:00Z; default 2026-01-01. */
  startMicros?: number
  /**
   * Lets what a timer has set going come to rest before time goes on. Default: 100 rounds of microtasks; a test on
   * Node may give `() => new Promise(setImmediate)`, which waits for all of them.
   */
  settle?: () => Promise<void>
}>

const START_MICROS = 1_767_225_600_000_000
const MICROTASK_ROUNDS = 100

const letMicrotasksRun = async (): Promise<void> => {
  for (let round = 0; round < MICROTASK_ROUNDS; round += 1) await Promise.resolve()
}

export const virtualClock = ({
  startMicros = START_MICROS,
  settle = letMicrotasksRun,
}: VirtualClockOptions = {}): VirtualClock => {
  const timers = timerHeap()
  let now = 0
  let wall = startMicros
  let made = 0
  let pending = 0

  const runNext = (until: number): boolean => {
    const timer = timers.peek()
    if (timer === undefined || timer.at > until) return false
    timers.pop()
    const { run } = timer
    timer.run = undefined
    now = Math.max(now, timer.at)
    pending -= 1
    run?.()
    return true
  }

  return {
    wallMicros: () => wall + Math.round(now * 1000),
    monotonicMillis: () => now,
    after: (delayMillis, run) => {
      const timer: Timer = { at: now + Math.max(0, delayMillis), order: made, run }
      made += 1
      pending += 1
      timers.push(timer)
      return () => {
        if (timer.run === undefined) return
        timer.run = undefined
        pending -= 1
      }
    },
    advance: async (millis) => {
      invariant(millis >= 0, 'time does not go back')
      const until = now + millis
      await settle()
      while (runNext(until)) await settle()
      now = until
      await settle()
    },
    advanceToNext: async () => {
      await settle()
      const ran = runNext(Infinity)
      await settle()
      return ran
    },
    shiftWall: (micros) => {
      wall += micros
    },
    pending: () => pending,
  }
}
