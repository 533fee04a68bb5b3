import * as E from 'fp-ts/lib/Either.js'
import type { KeyHandle, KeyRecord, Stamp } from '@hsmlab/domain'
import { isReachable } from '../cluster/reach.ts'
import { ABSENT_MILLIS, AVAILABILITY_HOLDERS, OUTCOME_PATIENCE_MILLIS } from '../limits.ts'
import { type Answer, askJson } from '../link/ask.ts'
import type { ApplicationState, Cluster, Link, Seat } from '../state.ts'
import { commandId } from './command-id.ts'
import { persist } from './persist.ts'
import { addHolder } from './placements.ts'
import { isReady } from './seats.ts'
import { settleNear } from './settle-near.ts'

/** On so many HSMs a change must be, before it is acknowledged. */
export const holdersNeeded = ({ keyAvailabilityCheck }: ApplicationState): number =>
  keyAvailabilityCheck ? AVAILABILITY_HOLDERS : 1

/** Keeps the highest stamp that this client has seen: its next change is to be above it. */
export const noteStamp = (cluster: Cluster, stamp: Stamp): void => {
  if (cluster.highestStamp === undefined || stamp > cluster.highestStamp) cluster.highestStamp = stamp
}

const noteStampsOf = (cluster: Cluster, { stamps, shares, seen }: KeyRecord): void => {
  for (const name in stamps) if (stamps[name] !== undefined) noteStamp(cluster, stamps[name])
  for (const hsmId in seen) if (seen[hsmId] !== undefined) noteStamp(cluster, seen[hsmId])
  for (const name in shares) if (shares[name] !== undefined) noteStamp(cluster, shares[name].stamp)
}

/** The other HSMs that can be reached, those of other Availability Zones first. */
export const othersThan = (application: ApplicationState, first: Seat): ReadonlyArray<Seat> => {
  const others = application.seats.filter((seat) => seat !== first && seat.link.serving && isReachable(seat.link))
  const isNear = ({ link }: Seat): boolean => link.member.availabilityZone === first.link.member.availabilityZone
  return [...others.filter((seat) => !isNear(seat)), ...others.filter(isNear)]
}

/**
 * Does `spread` on each of `seats` at the same time, and waits for all that answer; once the change is on enough HSMs,
 * nobody waits for one that has gone silent. Gives the HSMs that have it; what is still under way goes on.
 */
export const spreadTo = async (
  application: ApplicationState,
  seats: ReadonlyArray<Seat>,
  has: ReadonlyArray<Link>,
  spread: (seat: Seat) => Promise<boolean>,
): Promise<ReadonlyArray<Link>> => {
  const holders = [...has]
  const run = async (seat: Seat): Promise<void> => {
    if (await spread(seat)) holders.push(seat.link)
  }
  const tasks = seats.map((seat) => ({ seat, ended: run(seat) }))
  await settleNear(
    application.cluster,
    tasks,
    (seat) => holders.length >= holdersNeeded(application) && !isReady(application, seat),
  )
  return [...holders]
}

const extract = (application: ApplicationState, creator: Seat, handle: KeyHandle) =>
  persist(application, creator, { patience: OUTCOME_PATIENCE_MILLIS }, ({ link, session }, within) =>
    askJson(
      application.cluster,
      link,
      'extractKey',
      { handle },
      { session, patience: OUTCOME_PATIENCE_MILLIS, within },
    ),
  )

const insert = (application: ApplicationState, target: Seat, record: KeyRecord): Promise<Answer<object>> => {
  const request = { commandId: commandId(application.cluster), record }
  return persist(application, target, { patience: ABSENT_MILLIS }, ({ link, session }, within) =>
    askJson(application.cluster, link, 'insertKey', request, { session, patience: ABSENT_MILLIS, within }),
  )
}

const reportInsert = ({ cluster }: ApplicationState, { link }: Seat, { handle }: KeyRecord): void =>
  cluster.env.logger.log('warn', 'key could not be copied; the HSMs will repair it', {
    hsmId: link.member.hsmId,
    handle,
  })

/**
 * Client-side synchronisation ("Understanding AWS CloudHSM key synchronization"): takes the masked objects from the HSM
 * that made them and inserts them into the others. Gives the HSMs that hold all of `handles`.
 */
export const replicate = async (
  application: ApplicationState,
  creator: Seat,
  handles: ReadonlyArray<KeyHandle>,
): Promise<ReadonlyArray<Link>> => {
  for (const handle of handles) addHolder(application, handle, creator.link)
  const targets = othersThan(application, creator)
  if (targets.length === 0) return [creator.link]
  const extracted = await Promise.all(handles.map((handle) => extract(application, creator, handle)))
  const records = extracted.flatMap((answer) => (E.isRight(answer) ? [answer.right.record] : []))
  for (const record of records) noteStampsOf(application.cluster, record)
  if (records.length < handles.length) return [creator.link]

  return spreadTo(application, targets, [creator.link], async (seat) => {
    const answers = await Promise.all(records.map((record) => insert(application, seat, record)))
    for (const [i, record] of records.entries()) {
      const answer = answers[i]
      if (answer !== undefined && E.isRight(answer)) addHolder(application, record.handle, seat.link)
      else reportInsert(application, seat, record)
    }
    return answers.every(E.isRight)
  })
}
