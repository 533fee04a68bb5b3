import * as E from 'fp-ts/lib/Either.js'
import { UsernameCodec } from '@hsmlab/domain'
import type { Role } from '@hsmlab/protocol'
import { isReachable } from '../cluster/reach.ts'
import { waitUntil } from '../cluster/stir.ts'
import { failure, unreachableFailure } from '../failure.ts'
import type { ClientFailure, ClientResult, LoggedIn } from '../face.ts'
import { ABSENT_MILLIS, CALL_MILLIS, PASSWORD_REFUSALS } from '../limits.ts'
import { type AskFailure, askJson } from '../link/ask.ts'
import type { ApplicationState, Seat } from '../state.ts'
import { abandonSessionKeys } from './session-keys.ts'
import { presentPassword, restoreSeat } from './present-password.ts'
import { reachSettled, seatsThat } from './ready-seats.ts'
import { closeSession, hasSession, isOpen } from './seats.ts'

const alreadyLoggedIn = ({ identity }: ApplicationState, role: Role, username: string): ClientFailure =>
  identity?.role === role && identity.username === username.toLowerCase()
    ? failure('CKR_USER_ALREADY_LOGGED_IN', 'The user is logged in already.')
    : failure('CKR_USER_ANOTHER_ALREADY_LOGGED_IN', 'Another user is logged in.')

/** What all HSMs together have to say, none of them having accepted. */
const loginFailure = (failures: ReadonlyArray<AskFailure>): ClientFailure => {
  const refused = failures.filter(({ fate }) => fate === 'refused').map(({ failure: why }) => why)
  const locked = refused.find(({ _tag }) => _tag === 'CKR_PIN_LOCKED')
  const wrong = refused.find(({ hsmReturn }) => PASSWORD_REFUSALS.includes(hsmReturn))
  if (locked !== undefined) return locked
  if (wrong !== undefined) return { ...wrong, _tag: 'CKR_PIN_INCORRECT' }
  return refused[0] ?? unreachableFailure
}

const reportLeftOut = ({ cluster }: ApplicationState, seat: Seat, { failure: why, fate }: AskFailure): void =>
  cluster.env.logger.log('warn', 'an HSM is left out of this login', {
    hsmId: seat.link.member.hsmId,
    fate,
    why: why._tag,
    hsmReturn: why.hsmReturn,
  })

const loginEverywhere = async (
  application: ApplicationState,
  role: Role,
  username: string,
  password: Uint8Array,
): Promise<E.Either<ClientFailure, LoggedIn>> => {
  const { cluster } = application
  const name = UsernameCodec.decode(username)
  if (E.isLeft(name)) return E.left(failure('CKR_PIN_INCORRECT', 'There can be no such user name.', 157))
  const deadline = cluster.now + CALL_MILLIS
  await reachSettled(application)
  const reachable = (): ReadonlyArray<Seat> =>
    application.seats.filter(({ link }) => isReachable(link) && link.channel !== undefined)
  await waitUntil(cluster, () => application.closed || reachable().length > 0, deadline)

  application.loginNumber += 1
  const { loginNumber } = application
  const seats = reachable()
  const credentials = { role, username: name.right, password }
  const answers = await Promise.all(seats.map((seat) => presentPassword(application, seat, credentials)))
  const accepted = answers.find(E.isRight)
  if (accepted === undefined || application.closed || loginNumber !== application.loginNumber) {
    return E.left(loginFailure(answers.flatMap((answer) => (E.isLeft(answer) ? [answer.left] : []))))
  }
  for (const [i, seat] of seats.entries()) {
    const answer = answers[i]
    if (answer !== undefined && E.isLeft(answer)) reportLeftOut(application, seat, answer.left)
  }
  application.identity = { username: name.right, role, loggedInAs: accepted.right, password }
  for (const seat of application.seats) if (!seat.loggedIn) void restoreSeat(application, seat)
  return E.right({ username: name.right, role: accepted.right })
}

/**
 * Logs in on all HSMs that can be reached, at the same time. It succeeds when one accepts; one that refuses the password
 * is left out until the next login, one that cannot be reached logs in when it comes back. `password` is taken over: it
 * is wiped when the login fails, by `logout` and by `close`.
 */
export const login = async (
  application: ApplicationState,
  role: Role,
  username: string,
  password: Uint8Array,
): ClientResult<LoggedIn> => {
  const refused =
    application.identity !== undefined
      ? alreadyLoggedIn(application, role, username)
      : application.loggingIn && failure('CKR_OPERATION_ACTIVE', 'A login is under way.')
  if (refused) {
    password.fill(0)
    return E.left(refused)
  }
  application.loggingIn = true
  const result = await loginEverywhere(application, role, username, password)
  application.loggingIn = false
  if (application.closed || E.isLeft(result)) password.fill(0)
  return result
}

/** Forgets who is logged in, and wipes the password. */
export const forgetIdentity = (application: ApplicationState): void => {
  application.loginNumber += 1
  application.identity?.password.fill(0)
  application.identity = undefined
  application.placements.clear()
  abandonSessionKeys(application)
}

const logoutFrom = async (application: ApplicationState, seat: Seat): Promise<void> => {
  const { session, incarnation } = seat
  const answer = await askJson(application.cluster, seat.link, 'logout', {}, { session, patience: ABSENT_MILLIS })
  if (incarnation !== seat.incarnation) return
  if (E.isLeft(answer)) void closeSession(application, seat)
}

/** Logs out everywhere; session keys go. An HSM that cannot be reached ends its session when it is back. */
export const logout = async (application: ApplicationState): ClientResult<void> => {
  if (application.identity === undefined) {
    return E.left(failure('CKR_USER_NOT_LOGGED_IN', 'Nobody is logged in.'))
  }
  forgetIdentity(application)
  const seats = application.seats.filter((seat) => seat.loggedIn && hasSession(seat))
  for (const seat of seats) seat.loggedIn = false
  const [near, far] = [seats.filter(({ link }) => link.alive), seats.filter(({ link }) => !link.alive)]
  for (const seat of far) void closeSession(application, seat)
  await Promise.all(near.map((seat) => logoutFrom(application, seat)))
  return E.right(undefined)
}

/** Sessions without need of login, on all HSMs. */
export const openSeats = (application: ApplicationState): ClientResult<ReadonlyArray<Seat>> =>
  seatsThat(application, isOpen)
