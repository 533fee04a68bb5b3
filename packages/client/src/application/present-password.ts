import * as E from 'fp-ts/lib/Either.js'
import { decodeLoginReply, encodePasswordRequest, type LoggedInRole, OPERATION, type Role } from '@hsmlab/protocol'
import { stir } from '../cluster/stir.ts'
import { garbageFailure, unreachableFailure } from '../failure.ts'
import { ABSENT_MILLIS, LOGIN_MILLIS, PASSWORD_REFUSALS, RECONNECT_BACKOFF, THROTTLED } from '../limits.ts'
import { type Answer, ask, type AskFailure, unsent } from '../link/ask.ts'
import type { ApplicationState, Seat } from '../state.ts'
import { commandId } from './command-id.ts'
import { closeSession, hasSession, openSeat } from './seats.ts'

export type Credentials = Readonly<{ role: Role; username: string; password: Uint8Array }>

/** The HSM has judged the password, or the account. */
const isVerdict = ({ failure, fate }: AskFailure): boolean =>
  fate === 'refused' && (PASSWORD_REFUSALS.includes(failure.hsmReturn) || failure._tag.startsWith('CKR_PIN_'))

/**
 * Presents the password to one HSM, once. A session whose login has no known outcome is closed; a refusal leaves the
 * HSM out until the next login. Gives what the user is logged in as.
 */
export const presentPassword = async (
  application: ApplicationState,
  seat: Seat,
  { role, username, password }: Credentials,
): Promise<Answer<LoggedInRole>> => {
  const { cluster, loginNumber } = application
  const isOpened = await openSeat(application, seat)
  if (!isOpened || loginNumber !== application.loginNumber) return unsent(unreachableFailure)
  const { session, incarnation } = seat
  const answer = await ask(cluster, seat.link, {
    operation: OPERATION.login,
    session,
    body: encodePasswordRequest({ commandId: commandId(cluster), role, username, password }),
    patience: ABSENT_MILLIS,
    within: LOGIN_MILLIS,
    secret: true,
  })
  const isCurrent = loginNumber === application.loginNumber && incarnation === seat.incarnation
  const loggedInAs = E.isRight(answer) ? decodeLoginReply(answer.right) : undefined
  if (loggedInAs !== undefined) {
    if (isCurrent && hasSession(seat)) seat.loggedIn = true
    else if (incarnation === seat.incarnation) void closeSession(application, seat)
    stir(cluster)
    return E.right(loggedInAs)
  }
  const why: AskFailure = E.isLeft(answer) ? answer.left : { failure: garbageFailure, fate: 'refused' }
  if (isCurrent) {
    seat.retryAt = cluster.now + RECONNECT_BACKOFF.max
    if (isVerdict(why)) seat.refusedLogin = loginNumber
    else if (why.failure.hsmReturn !== THROTTLED) void closeSession(application, seat)
  }
  return E.left(why)
}

/**
 * Brings a session back after its HSM was away, and logs in again there when the application is logged in: with the
 * password that other HSMs have accepted, and never after a refusal.
 */
export const restoreSeat = async (application: ApplicationState, seat: Seat): Promise<void> => {
  if (seat.restoring || application.closed) return
  seat.restoring = true
  const { identity, loginNumber } = application
  const isOpened = await openSeat(application, seat)
  const wantsLogin = isOpened && identity !== undefined && identity === application.identity && !seat.loggedIn
  if (wantsLogin && seat.refusedLogin !== loginNumber) {
    seat.retryAt = application.cluster.now + ABSENT_MILLIS
    const answer = await presentPassword(application, seat, identity)
    if (E.isLeft(answer) && seat.refusedLogin === loginNumber) {
      const { hsmId } = seat.link.member
      const { _tag, hsmReturn } = answer.left.failure
      application.cluster.env.logger.log('warn', 'HSM refused to log in again; it is left out until the next login', {
        hsmId,
        why: _tag,
        hsmReturn,
      })
    }
  }
  seat.restoring = false
}
