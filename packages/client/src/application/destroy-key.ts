import * as E from 'fp-ts/lib/Either.js'
import type { KeyHandle, Tombstone } from '@hsmlab/domain'
import { sleep } from '@hsmlab/ports'
import type { ReplyOf } from '@hsmlab/protocol'
import { anyAlive, isReachSettled } from '../cluster/reach.ts'
import { waitUntil } from '../cluster/stir.ts'
import {
  availabilityFailure,
  availabilityMessage,
  noSuchObjectFailure,
  outcomeUnknownFailure,
  sessionKeyLostFailure,
  unreachableFailure,
} from '../failure.ts'
import type { ClientFailure, ClientResult } from '../face.ts'
import {
  ABSENT_MILLIS,
  CALL_MILLIS,
  OUTCOME_PATIENCE_MILLIS,
  SESSION_KEY_PATIENCE_MILLIS,
  TICK_MILLIS,
} from '../limits.ts'
import { type Answer, askJson } from '../link/ask.ts'
import type { ApplicationState, Link, Seat, SessionKey } from '../state.ts'
import { chooseSeat } from './choose-seat.ts'
import { commandId } from './command-id.ts'
import { findHolders } from './find-holders.ts'
import { persist } from './persist.ts'
import { forgetKey, isAvailable, removeHolder } from './placements.ts'
import { holdersNeeded, noteStamp, othersThan, spreadTo } from './replicate.ts'
import { hasSession } from './seats.ts'

type Destroyed = ReplyOf<'destroyKey'>

/** On one HSM: by its own tombstone, or by one that another HSM made. */
const destroyOn = (
  application: ApplicationState,
  seat: Seat,
  handle: KeyHandle,
  patience: number,
  tombstone?: Tombstone,
): Promise<Answer<Destroyed>> => {
  const { cluster } = application
  const seen = cluster.highestStamp
  const request = {
    commandId: commandId(cluster),
    handle,
    ...(tombstone && { tombstone }),
    ...(seen !== undefined && tombstone === undefined && { seen }),
  }
  return persist(application, seat, { patience }, ({ link, session }, within) =>
    askJson(cluster, link, 'destroyKey', request, { session, patience, within }),
  )
}

const destroySessionKey = async (
  application: ApplicationState,
  handle: KeyHandle,
  { seat, incarnation }: SessionKey,
): Promise<E.Either<ClientFailure, void>> => {
  if (seat.incarnation !== incarnation || !hasSession(seat)) {
    application.sessionKeys.delete(handle)
    return E.left(sessionKeyLostFailure)
  }
  const answer = await destroyOn(application, seat, handle, SESSION_KEY_PATIENCE_MILLIS)
  if (E.isRight(answer)) application.sessionKeys.delete(handle)
  if (E.isRight(answer)) return E.right(undefined)
  const { failure, fate } = answer.left
  return E.left(fate === 'unknown' ? outcomeUnknownFailure('The session key may be gone') : failure)
}

/** Waits until holders are known, and judges whether they are enough. */
const findTokenKey = async (
  application: ApplicationState,
  handle: KeyHandle,
  deadline: number,
): Promise<E.Either<ClientFailure, ReadonlyArray<Link>>> => {
  const { cluster } = application
  await waitUntil(cluster, () => anyAlive(cluster) && isReachSettled(cluster), deadline)
  for (;;) {
    const found = await findHolders(application, handle)
    if (found === 'absent') return E.left(noSuchObjectFailure)
    if (found === 'found') break
    if (cluster.now >= deadline || application.closed) return E.left(unreachableFailure)
    await sleep(cluster.env.clock, TICK_MILLIS)
  }
  const placement = application.placements.get(handle)
  if (placement === undefined) return E.left(noSuchObjectFailure)
  if (application.keyAvailabilityCheck && !isAvailable(placement)) {
    cluster.env.logger.log('error', availabilityMessage(handle))
    return E.left(availabilityFailure(handle))
  }
  return E.right(placement.holders)
}

type First = Readonly<{ seat: Seat; tombstone: Tombstone | undefined }>

/** The first HSM makes the tombstone. One that does not hold the key passes the question on; nothing else does. */
const destroyFirst = async (
  application: ApplicationState,
  handle: KeyHandle,
  holders: ReadonlyArray<Link>,
  deadline: number,
): Promise<E.Either<ClientFailure, First>> => {
  const { cluster } = application
  const tried: Link[] = []
  while (tried.length < holders.length) {
    let seat: Seat | undefined
    const isChosen = (): boolean => (seat = chooseSeat(application, holders, tried)) !== undefined
    if (!(await waitUntil(cluster, isChosen, deadline)) || seat === undefined) return E.left(unreachableFailure)
    const answer = await destroyOn(application, seat, handle, OUTCOME_PATIENCE_MILLIS)
    if (E.isRight(answer)) return E.right({ seat, tombstone: answer.right.tombstone })
    const { failure, fate } = answer.left
    if (fate === 'unknown') return E.left(outcomeUnknownFailure('The key may have been deleted'))
    const isNotThere = failure._tag === 'CKR_OBJECT_HANDLE_INVALID' || failure._tag === 'CKR_KEY_HANDLE_INVALID'
    if (fate === 'refused' && !isNotThere) return E.left(failure)
    if (isNotThere) removeHolder(application, handle, seat.link)
    tried.push(seat.link)
  }
  return E.left(noSuchObjectFailure)
}

/**
 * Deletes a key on all HSMs: the first makes the tombstone, the others take it. Acknowledged like a creation; otherwise
 * CKR_FUNCTION_FAILED, and the key may be gone or may go.
 */
export const destroyKey = async (application: ApplicationState, handle: KeyHandle): ClientResult<void> => {
  const { cluster } = application
  const sessionKey = application.sessionKeys.get(handle)
  if (sessionKey !== undefined) return destroySessionKey(application, handle, sessionKey)
  const deadline = cluster.now + CALL_MILLIS
  const holders = await findTokenKey(application, handle, deadline)
  const found = application.sessionKeys.get(handle)
  if (found !== undefined) return destroySessionKey(application, handle, found)
  if (E.isLeft(holders)) return holders

  const first = await destroyFirst(application, handle, holders.right, deadline)
  if (E.isLeft(first)) return first
  const { seat, tombstone } = first.right
  forgetKey(cluster, handle)
  if (tombstone === undefined) return E.right(undefined)
  noteStamp(cluster, tombstone.stamp)
  const gone = await spreadTo(application, othersThan(application, seat), [seat.link], async (other) => {
    const answer = await destroyOn(application, other, handle, ABSENT_MILLIS, tombstone)
    return E.isRight(answer)
  })
  if (gone.length >= holdersNeeded(application)) return E.right(undefined)
  return E.left(outcomeUnknownFailure('The key was deleted on too few HSMs'))
}
