import type { ApplicationState, Link, Seat } from '../state.ts'
import { isReady } from './seats.ts'

/**
 * The HSM with the fewest requests outstanding, in turn where that is equal, among those that take requests, hold the
 * key (`holders`; undefined: any will do) and have not been tried.
 */
export const chooseSeat = (
  application: ApplicationState,
  holders: ReadonlyArray<Link> | undefined,
  tried: ReadonlyArray<Link>,
): Seat | undefined => {
  const { seats } = application
  const first = application.turn++
  let best: Seat | undefined
  let bestLoad = Infinity
  for (let i = 0; i < seats.length; i += 1) {
    const seat = seats[(first + i) % seats.length]
    if (seat === undefined || !isReady(application, seat)) continue
    const { link } = seat
    if (!link.serving || link.pending.size >= bestLoad) continue
    if (holders !== undefined && !holders.includes(link)) continue
    if (tried.length > 0 && tried.includes(link)) continue
    best = seat
    bestLoad = link.pending.size
  }
  return best
}
