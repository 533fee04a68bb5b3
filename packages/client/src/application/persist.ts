import * as E from 'fp-ts/lib/Either.js'
import type { CkrName } from '@hsmlab/pkcs11'
import { sleep } from '@hsmlab/ports'
import { waitUntil } from '../cluster/stir.ts'
import { unreachableFailure } from '../failure.ts'
import { CALL_MILLIS, SESSIONS_LOST_MAX, THROTTLE_BACKOFF_MILLIS, THROTTLE_RETRIES_MAX, THROTTLED } from '../limits.ts'
import { type Answer, unsent } from '../link/ask.ts'
import type { ApplicationState, Seat } from '../state.ts'
import { restoreSeat } from './present-password.ts'
import { dropSession, isLeftOut, isReady } from './seats.ts'

const SESSION_ENDED: ReadonlyArray<CkrName> = ['CKR_SESSION_HANDLE_INVALID', 'CKR_SESSION_CLOSED']

export type Persistence = Readonly<{
  /** Silence of the HSM, in milliseconds, after which it is given up. */
  patience: number
  /** When a request can be sent; default: with the rights of who is logged in. */
  canSend?: (application: ApplicationState, seat: Seat) => boolean
}>

/**
 * Asks one HSM until it has answered: after a lost session or channel, after throttling, or when an answer stayed away.
 * A change is asked for under the same command id each time, so that it happens once. At most 10 s.
 */
export const persist = async <A>(
  application: ApplicationState,
  seat: Seat,
  { patience, canSend = isReady }: Persistence,
  attempt: (seat: Seat, within: number) => Promise<Answer<A>>,
): Promise<Answer<A>> => {
  const { cluster } = application
  const { link } = seat
  const deadline = cluster.now + CALL_MILLIS
  let last: Answer<A> = unsent(unreachableFailure)
  let throttled = 0
  let sessionsLost = 0
  const isHopeless = (): boolean =>
    application.closed ||
    link.closed ||
    link.silence > patience ||
    (canSend === isReady && isLeftOut(application, seat))

  for (;;) {
    await waitUntil(cluster, () => canSend(application, seat) || isHopeless(), deadline)
    if (application.closed || !canSend(application, seat) || cluster.now >= deadline) return last
    const { session } = seat
    const answer = await attempt(seat, deadline - cluster.now)
    if (E.isRight(answer)) return answer
    const { failure, fate } = answer.left
    if (failure.hsmReturn === THROTTLED) {
      cluster.env.logger.log('warn', `Received error response code from Server. Response Code: ${THROTTLED}`)
      if (cluster.settings.retryMode === 'off' || throttled >= THROTTLE_RETRIES_MAX) return answer
      await sleep(cluster.env.clock, THROTTLE_BACKOFF_MILLIS * 2 ** throttled)
      throttled += 1
    } else if (fate === 'refused' && SESSION_ENDED.includes(failure._tag) && sessionsLost < SESSIONS_LOST_MAX) {
      sessionsLost += 1
      if (seat.session === session) dropSession(seat)
      void restoreSeat(application, seat)
    } else if (fate === 'unknown') {
      last = answer
    } else {
      return answer
    }
  }
}
