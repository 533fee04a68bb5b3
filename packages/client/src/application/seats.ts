import * as E from 'fp-ts/lib/Either.js'
import { stir } from '../cluster/stir.ts'
import { ABSENT_MILLIS, RECONNECT_BACKOFF, SESSIONS_TO_CLOSE_MAX } from '../limits.ts'
import { askJson } from '../link/ask.ts'
import type { ApplicationState, Link, Seat } from '../state.ts'

export const makeSeat = (link: Link): Seat => ({
  link,
  session: 0,
  generation: 0,
  incarnation: 0,
  loggedIn: false,
  refusedLogin: -1,
  opening: undefined,
  restoring: false,
  retryAt: 0,
})

/** Has a session on the link's present channel. */
export const hasSession = ({ session, generation, link }: Seat): boolean =>
  session !== 0 && generation === link.generation

/** A request can be sent, with the rights of who is logged in. */
export const isReady = ({ identity }: ApplicationState, seat: Seat): boolean =>
  seat.link.alive && hasSession(seat) && (identity === undefined || seat.loggedIn)

/** A request can be sent that needs no rights. */
export const isOpen = (_application: ApplicationState, seat: Seat): boolean => seat.link.alive && hasSession(seat)

/** The HSM will not take this login: it refused the password. */
export const isLeftOut = ({ loginNumber }: ApplicationState, seat: Seat): boolean => seat.refusedLogin === loginNumber

/** Forgets the session; whatever was made in it is gone. */
export const dropSession = (seat: Seat): void => {
  seat.session = 0
  seat.loggedIn = false
}

/** Closes the session on the HSM, even if that can be reached much later only. */
export const closeSession = async ({ cluster }: ApplicationState, seat: Seat): Promise<void> => {
  const { session, link } = seat
  const isThere = hasSession(seat)
  dropSession(seat)
  if (!isThere || link.pending.size >= SESSIONS_TO_CLOSE_MAX) return
  await askJson(cluster, link, 'closeSession', {}, { session, patience: Infinity, within: Infinity })
}

const openNow = async (application: ApplicationState, seat: Seat): Promise<boolean> => {
  const { cluster, name } = application
  const { link } = seat
  const { generation } = link
  const answer = await askJson(
    cluster,
    link,
    'openSession',
    { application: name },
    { session: 0, patience: ABSENT_MILLIS },
  )
  if (E.isLeft(answer) || answer.right.session === 0 || generation !== link.generation) {
    seat.retryAt = cluster.now + RECONNECT_BACKOFF.max
    return false
  }
  seat.session = answer.right.session
  seat.generation = generation
  seat.incarnation += 1
  seat.loggedIn = false
  if (application.closed || link.closed) {
    void closeSession(application, seat)
    return false
  }
  stir(cluster)
  return true
}

/** Opens a session where there is none. False: not now. */
export const openSeat = (application: ApplicationState, seat: Seat): Promise<boolean> => {
  if (hasSession(seat)) return Promise.resolve(true)
  if (seat.link.channel === undefined || application.closed) return Promise.resolve(false)
  seat.opening ??= openNow(application, seat).finally(() => {
    seat.opening = undefined
  })
  return seat.opening
}
