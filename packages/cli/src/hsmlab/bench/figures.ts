import type { Mode, Operation } from './load.ts'

/** What one target did: medians over the rounds. */
export type TargetRate = Readonly<{ perSecond: number; p50Micros: number; p99Micros: number }>

/** One row of the table of rates. `ratio` is the median of the rounds' own ratios: the minutes of a machine differ. */
export type Rate = Readonly<{
  operation: Operation
  mode: Mode
  workers: number
  embedded: TargetRate
  softHsm?: TargetRate & Readonly<{ ratio: number }>
  overNats?: TargetRate
}>

/** `pausesMillis`: of each time that a zone died under a signing loop, the longest call; `failed`: of all of them. */
export type ZoneLoss = Readonly<{ pausesMillis: ReadonlyArray<number>; failed: number }>

/**
 * Events a second. `sessions`: channels, logins, logouts; `keys`: events that carry whole keys; `mixed`: one of these to
 * nine of those, for a log tells of every login and of no signature.
 */
export type ReplaySpeed = Readonly<{ events: number; sessions: number; mixed: number; keys: number }>

export type Figures = Readonly<{
  machine: Readonly<{ cores: number; processor: string; node: string; loadBefore: number }>
  rounds: number
  secondsEach: number
  rates: ReadonlyArray<Rate>
  /** From the start of the process until it says that it is ready. */
  readyMillis: Readonly<{ first: ReadonlyArray<number>; again: ReadonlyArray<number> }>
  zoneLoss: ZoneLoss
  replay: ReplaySpeed
  memoryPerThousandKeysBytes: number
}>

/** The middle one; of an even number the lower of the two. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}
