import type { Clock } from '@hsmlab/ports'

/** setTimeout holds 31 bits of milliseconds; longer delays go in stages. */
const TIMEOUT_MAX = 2 ** 31 - 1
/** How far the microseconds may run from the operating system's wall clock before they follow it. */
const DRIFT_MILLIS_MAX = 2

const wallClock = (): (() => number) => {
  let offset = Date.now() - performance.now()
  return () => {
    const monotonic = performance.now()
    const wall = Date.now()
    if (Math.abs(offset + monotonic - wall) > DRIFT_MILLIS_MAX) offset = wall - monotonic
    return Math.floor((offset + monotonic) * 1000)
  }
}

const after: Clock['after'] = (delayMillis, run) => {
  let timer: NodeJS.Timeout
  const arm = (rest: number): void => {
    timer = rest > TIMEOUT_MAX ? setTimeout(() => arm(rest - TIMEOUT_MAX), TIMEOUT_MAX) : setTimeout(run, rest)
  }
  arm(Math.max(0, delayMillis))
  return () => clearTimeout(timer)
}

/** The machine's clocks and Node's timers. A pending timer keeps the process alive. */
export const systemClock: Clock = {
  wallMicros: wallClock(),
  monotonicMillis: () => performance.now(),
  after,
}
