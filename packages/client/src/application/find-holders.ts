import * as E from 'fp-ts/lib/Either.js'
import type { KeyHandle } from '@hsmlab/domain'
import { ABSENT_MILLIS } from '../limits.ts'
import { askJson } from '../link/ask.ts'
import type { ApplicationState, Link, Seat } from '../state.ts'
import { setHolders } from './placements.ts'
import { isReady } from './seats.ts'
import { isTokenKey } from './session-keys.ts'

type Sighting = 'token' | 'session' | 'none' | 'unanswered'

const look = async ({ cluster }: ApplicationState, seat: Seat, handle: number): Promise<Sighting> => {
  const filter = { handle: handle as KeyHandle }
  const answer = await askJson(
    cluster,
    seat.link,
    'findKeys',
    { filter, after: 0, limit: 1 },
    { session: seat.session, patience: ABSENT_MILLIS },
  )
  if (E.isLeft(answer)) return 'unanswered'
  const [key] = answer.right.keys
  if (key === undefined || key.handle !== handle) return 'none'
  return isTokenKey(key) ? 'token' : 'session'
}

/**
 * Asks all HSMs that can be asked who holds the key, and remembers it. Of HSMs that do not answer, what was known
 * before stands. `unanswered`: none answered.
 */
export const findHolders = async (
  application: ApplicationState,
  handle: number,
): Promise<'found' | 'absent' | 'unanswered'> => {
  const seats = application.seats.filter((seat) => isReady(application, seat) && seat.link.serving)
  const sightings = await Promise.all(seats.map((seat) => look(application, seat, handle)))
  const seatsThat = (sighting: Sighting): ReadonlyArray<Seat> => seats.filter((_, i) => sightings[i] === sighting)
  const [home] = seatsThat('session')
  if (home !== undefined) {
    application.sessionKeys.set(handle, { seat: home, incarnation: home.incarnation, tag: 0 })
    return 'found'
  }
  const holders = seatsThat('token').map(({ link }) => link)
  const deniers = seatsThat('none').map(({ link }) => link)
  if (holders.length + deniers.length === 0) return 'unanswered'

  const isUndecided = (link: Link): boolean => !link.closed && !holders.includes(link) && !deniers.includes(link)
  const stillBelieved = (application.placements.get(handle)?.holders ?? []).filter(isUndecided)
  setHolders(application, handle, [...holders, ...stillBelieved])
  return holders.length + stillBelieved.length === 0 ? 'absent' : 'found'
}
