import * as E from 'fp-ts/lib/Either.js'
import type { KeyFilter, KeyView } from '@hsmlab/protocol'
import { availabilityMessage, garbageFailure } from '../failure.ts'
import type { ClientFailure, ClientResult, ClusterKey } from '../face.ts'
import { ABSENT_MILLIS, AVAILABILITY_HOLDERS, FIND_PAGE, FOUND_KEYS_MAX } from '../limits.ts'
import { type Answer, askJson } from '../link/ask.ts'
import type { ApplicationState, Seat } from '../state.ts'
import { persist } from './persist.ts'
import { addHolder } from './placements.ts'
import { seatsThat } from './ready-seats.ts'
import { isReady } from './seats.ts'
import { isTokenKey } from './session-keys.ts'

const askPage = (application: ApplicationState, seat: Seat, filter: KeyFilter, after: number) =>
  persist(application, seat, { patience: ABSENT_MILLIS }, ({ link, session }, within) =>
    askJson(
      application.cluster,
      link,
      'findKeys',
      { filter, after, limit: FIND_PAGE },
      { session, patience: ABSENT_MILLIS, within },
    ),
  )

/** All pages of one HSM. Handles only grow from page to page; an HSM that goes back would never come to an end. */
const findOn = async (
  application: ApplicationState,
  seat: Seat,
  filter: KeyFilter,
): Promise<Answer<ReadonlyArray<KeyView>>> => {
  const keys: KeyView[] = []
  for (let after = 0; ;) {
    const page = await askPage(application, seat, filter, after)
    if (E.isLeft(page)) return page
    for (const key of page.right.keys) {
      if (key.handle <= after) continue
      keys.push(key)
      after = key.handle
    }
    const last = page.right.keys.at(-1)
    if (!page.right.more || last === undefined || last.handle !== after) return E.right(keys)
    if (keys.length > FOUND_KEYS_MAX) return E.left({ failure: garbageFailure, fate: 'refused' })
  }
}

type Sighting = { key: KeyView; holders: number }

const learn = (application: ApplicationState, seat: Seat, key: KeyView): void => {
  if (isTokenKey(key)) addHolder(application, key.handle, seat.link)
  else if (!application.sessionKeys.has(key.handle)) {
    application.sessionKeys.set(key.handle, { seat, incarnation: seat.incarnation, tag: 0 })
  }
}

const coverageOf = ({ key, holders }: Sighting, asked: number): ClusterKey['coverage'] => {
  if (!isTokenKey(key)) return 'session'
  return holders === asked ? 'full' : 'inconsistent'
}

const serves = (application: ApplicationState, seat: Seat): boolean => isReady(application, seat) && seat.link.serving

/**
 * Asks every HSM ("find-key operations go to all HSMs"). A key that too few of them hold is left out, with a line in
 * the log, while the availability check is on.
 */
export const findKeys = async (
  application: ApplicationState,
  filter: KeyFilter,
): ClientResult<ReadonlyArray<ClusterKey>> => {
  const { cluster, keyAvailabilityCheck } = application
  const seats = await seatsThat(application, serves)
  if (E.isLeft(seats)) return seats
  const answers = await Promise.all(seats.right.map((seat) => findOn(application, seat, filter)))

  const found = new Map<number, Sighting>()
  let answered = 0
  let why: ClientFailure | undefined
  for (const [i, seat] of seats.right.entries()) {
    const answer = answers[i]
    if (answer === undefined) continue
    if (E.isLeft(answer)) {
      why ??= answer.left.failure
      continue
    }
    answered += 1
    for (const key of answer.right) {
      learn(application, seat, key)
      const known = found.get(key.handle)
      if (known === undefined) found.set(key.handle, { key, holders: 1 })
      else known.holders += 1
    }
  }
  if (answered === 0 && why !== undefined) return E.left(why)

  const keys: ClusterKey[] = []
  for (const sighting of found.values()) {
    const { key, holders } = sighting
    if (keyAvailabilityCheck && isTokenKey(key) && holders < AVAILABILITY_HOLDERS) {
      cluster.env.logger.log('error', availabilityMessage(key.handle))
      continue
    }
    keys.push({ key, holders, coverage: coverageOf(sighting, answered) })
  }
  return E.right(keys.sort((a, b) => a.key.handle - b.key.handle))
}
