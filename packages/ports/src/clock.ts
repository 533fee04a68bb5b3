/** Time and timers. Wall time is what people read; monotonic time is what intervals are measured with. */
export interface Clock {
  /** Microseconds since 1970-01-01T00:00:00Z; may jump either way. */
  readonly wallMicros: () => number
  /** Milliseconds since an arbitrary start, fractional; never goes back. */
  readonly monotonicMillis: () => number
  /** Calls `run` once after `delayMillis`; the result cancels it. */
  readonly after: (delayMillis: number, run: () => void) => () => void
}

export type HasClock = Readonly<{ clock: Clock }>

/** Resolves after `delayMillis` of `clock`. */
export const sleep = (clock: Clock, delayMillis: number): Promise<void> =>
  new Promise((resolve) => void clock.after(delayMillis, resolve))
