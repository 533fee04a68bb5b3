import * as E from 'fp-ts/lib/Either.js'
import { isReachable, isReachSettled } from '../cluster/reach.ts'
import { waitUntil } from '../cluster/stir.ts'
import { closedFailure, unreachableFailure } from '../failure.ts'
import type { ClientFailure } from '../face.ts'
import { ABSENT_MILLIS, CALL_MILLIS } from '../limits.ts'
import type { ApplicationState, Seat } from '../state.ts'
import { isLeftOut, isReady } from './seats.ts'

/** Waits until every HSM is connected, or was given the time for it. */
export const reachSettled = async ({ cluster }: ApplicationState): Promise<void> => {
  await waitUntil(cluster, () => isReachSettled(cluster), cluster.now + CALL_MILLIS)
}

/**
 * The sessions on all HSMs that can be reached, for what concerns every HSM. One that is being brought back is waited
 * for, a little; without any HSM the answer comes after 10 s.
 */
export const seatsThat = async (
  application: ApplicationState,
  can: (application: ApplicationState, seat: Seat) => boolean,
): Promise<E.Either<ClientFailure, ReadonlyArray<Seat>>> => {
  const { cluster } = application
  if (application.closed) return E.left(closedFailure)
  const deadline = cluster.now + CALL_MILLIS
  await reachSettled(application)
  const usable = (): ReadonlyArray<Seat> => application.seats.filter((seat) => can(application, seat))
  await waitUntil(cluster, () => application.closed || usable().length > 0, deadline)

  const isAwaited = (seat: Seat): boolean =>
    isReachable(seat.link) && !can(application, seat) && !(can === isReady && isLeftOut(application, seat))
  await waitUntil(cluster, () => !application.seats.some(isAwaited), Math.min(deadline, cluster.now + ABSENT_MILLIS))
  const found = usable()
  if (application.closed) return E.left(closedFailure)
  return found.length === 0 ? E.left(unreachableFailure) : E.right(found)
}
