import * as E from 'fp-ts/lib/Either.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { HsmId, Stamp } from '../identifiers.ts'

/** A stamp that a client shows may lie this far ahead of what the HSM knows of time: one day. */
export const STAMP_SKEW_MICROS_MAX = 86_400_000_000
const COUNTER_MAX = 0xffff
const MICROS_MAX = 0xf_ffff_ffff_ffff
const MICROS_DIGITS = 13
const COUNTER_DIGITS = 4

export type StampRejection = Tagged<'StampTooFarAhead', { skewMicrosMax: number }> | Tagged<'StampsExhausted'>

/** A stamp's parts: wall microseconds, a counter within them, and who stamped. */
export type Reading = Readonly<{ micros: number; counter: number; hsmId: HsmId }>

export const readStamp = (stamp: Stamp): Reading => ({
  micros: Number.parseInt(stamp.slice(0, MICROS_DIGITS), 16),
  counter: Number.parseInt(stamp.slice(MICROS_DIGITS, MICROS_DIGITS + COUNTER_DIGITS), 16),
  hsmId: stamp.slice(MICROS_DIGITS + COUNTER_DIGITS + 1) as HsmId,
})

export const writeStamp = ({ micros, counter, hsmId }: Reading): Stamp =>
  `${micros.toString(16).padStart(MICROS_DIGITS, '0')}${counter.toString(16).padStart(COUNTER_DIGITS, '0')}-${hsmId}` as Stamp

/** The order of stamps: time, counter, then the stamper's name. Negative when `a` is the earlier one. */
export const compareStamps = (a: Stamp, b: Stamp): number => (a < b ? -1 : a > b ? 1 : 0)

export const laterStamp = (a: Stamp | undefined, b: Stamp | undefined): Stamp | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a

/**
 * The next reading of an HSM's hybrid logical clock (Kulkarni et al., 2014): above `last`, the highest stamp on its log,
 * above `seen`, the highest that the client has met, and not before the wall clock. `StampTooFarAhead`: `seen` is more
 * than `STAMP_SKEW_MICROS_MAX` ahead of both clock and log, and would drag this HSM's clock along.
 */
export const nextStamp = (
  last: Stamp | undefined,
  wallMicros: number,
  hsmId: HsmId,
  seen?: Stamp,
): E.Either<StampRejection, Stamp> => {
  const wall = Math.min(Math.max(Math.floor(wallMicros), 0), MICROS_MAX)
  const known = last === undefined ? wall : Math.max(wall, readStamp(last).micros)
  if (seen !== undefined && readStamp(seen).micros > known + STAMP_SKEW_MICROS_MAX) {
    return E.left({ _tag: 'StampTooFarAhead', skewMicrosMax: STAMP_SKEW_MICROS_MAX })
  }
  const floor = laterStamp(last, seen)
  if (floor === undefined) return E.right(writeStamp({ micros: wall, counter: 0, hsmId }))
  const { micros, counter } = readStamp(floor)
  if (wall > micros) return E.right(writeStamp({ micros: wall, counter: 0, hsmId }))
  if (counter < COUNTER_MAX) return E.right(writeStamp({ micros, counter: counter + 1, hsmId }))
  if (micros < MICROS_MAX) return E.right(writeStamp({ micros: micros + 1, counter: 0, hsmId }))
  return E.left({ _tag: 'StampsExhausted' })
}
