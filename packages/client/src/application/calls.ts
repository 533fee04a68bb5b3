import * as E from 'fp-ts/lib/Either.js'
import { CKR } from '@hsmlab/pkcs11'
import { OPERATION } from '@hsmlab/protocol'
import { anyAlive, isReachSettled } from '../cluster/reach.ts'
import {
  availabilityFailure,
  availabilityMessage,
  closedFailure,
  noSuchKeyFailure,
  noSuchObjectFailure,
  overloadFailure,
  refusal,
  sessionKeyLostFailure,
  sessionKeyUnreachableFailure,
  tooLongFailure,
  unreachableFailure,
} from '../failure.ts'
import type { ClientFailure } from '../face.ts'
import {
  CALL_MILLIS,
  CALLS_MAX,
  MOVES_MAX,
  SESSION_KEY_PATIENCE_MILLIS,
  THROTTLE_BACKOFF_MILLIS,
  THROTTLE_RETRIES_MAX,
  THROTTLED,
} from '../limits.ts'
import { BODY_SIZE_MAX, post } from '../link/link.ts'
import type { ApplicationState, Call, Cluster, Link, Loss, Placement, Reply, Seat, SessionKey } from '../state.ts'
import { chooseSeat } from './choose-seat.ts'
import { findHolders } from './find-holders.ts'
import { isAvailable, isStale, removeHolder } from './placements.ts'
import { restoreSeat } from './present-password.ts'
import { dropSession, hasSession, isReady } from './seats.ts'

type CallResult = E.Either<ClientFailure, Uint8Array>

const NOT_TRIED: ReadonlyArray<Link> = []
const LOOK_UPS_MAX = 2

/**
 * One idempotent operation, answered by any HSM that holds the key: the road of every signature. `handle` 0: no key.
 * Fails with CKR_DEVICE_ERROR when no HSM answers within 10 s.
 */
export const call = (
  application: ApplicationState,
  operation: number,
  handle: number,
  body: Uint8Array,
): Promise<CallResult> => {
  const { cluster } = application
  if (application.closed) return Promise.resolve(E.left(closedFailure))
  if (cluster.calls >= CALLS_MAX) return Promise.resolve(E.left(overloadFailure))
  if (body.length > BODY_SIZE_MAX) return Promise.resolve(E.left(tooLongFailure))
  cluster.calls += 1
  return new Promise((resolve) =>
    dispatch({
      _tag: 'call',
      operation,
      body,
      session: 0,
      requestId: 0,
      resendAt: 0,
      resendWait: 0,
      deadline: cluster.now + CALL_MILLIS,
      application,
      handle,
      seat: undefined,
      tried: NOT_TRIED,
      moves: 0,
      lookUps: 0,
      throttled: 0,
      notBefore: 0,
      resolve,
    }),
  )
}

const settle = ({ application, resolve }: Call, result: CallResult): void => {
  application.cluster.calls -= 1
  resolve(result)
}

const dispatch = (request: Call): void => {
  const { application, handle } = request
  if (application.closed) return settle(request, E.left(closedFailure))
  if (handle === 0) return place(request, undefined)
  const sessionKey = application.sessionKeys.get(handle)
  if (sessionKey !== undefined) return placeSessionKey(request, sessionKey)
  const placement = application.placements.get(handle)
  if (placement === undefined) return lookUp(request)
  if (application.keyAvailabilityCheck && !isAvailable(placement)) return judgeShortage(request, placement)
  place(request, placement)
}

const place = (request: Call, placement: Placement | undefined): void => {
  const seat = chooseSeat(request.application, placement?.holders, request.tried)
  if (seat !== undefined) return send(request, seat)
  const isDeniedByAll = placement?.holders.every((holder) => request.tried.includes(holder)) === true
  if (isDeniedByAll) return settle(request, E.left(noSuchKey(request)))
  park(request)
}

const send = (request: Call, seat: Seat): void => {
  if (request.moves >= MOVES_MAX) return settle(request, E.left(unreachableFailure))
  request.moves += 1
  request.seat = seat
  request.session = seat.session
  post(request.application.cluster, seat.link, request)
}

/** Too few holders, as far as is known. Only what is known surely, and lately, is an answer. */
const judgeShortage = (request: Call, placement: Placement): void => {
  const { application, handle } = request
  const { cluster } = application
  if (!anyAlive(cluster) || !isReachSettled(cluster)) return park(request)
  if (isStale(application, placement) && request.lookUps < LOOK_UPS_MAX) return lookUp(request)
  cluster.env.logger.log('error', availabilityMessage(handle))
  settle(request, E.left(availabilityFailure(handle)))
}

/** A session key lives on one HSM, in one session there, and ends with it. */
const placeSessionKey = (request: Call, { seat, incarnation }: SessionKey): void => {
  const { application, handle } = request
  const isGone = seat.link.closed || seat.incarnation !== incarnation || !hasSession(seat)
  if (isGone) {
    application.sessionKeys.delete(handle)
    return settle(request, E.left(sessionKeyLostFailure))
  }
  if (isReady(application, seat)) return send(request, seat)
  const isGivenUp = seat.link.silence >= SESSION_KEY_PATIENCE_MILLIS && anyAlive(application.cluster)
  if (isGivenUp) return settle(request, E.left(sessionKeyUnreachableFailure))
  park(request)
}

const noSuchKey = ({ operation }: Call): ClientFailure =>
  operation === OPERATION.getKey ? noSuchObjectFailure : noSuchKeyFailure

/** Calls for one handle wait for one look-up. */
const lookUp = (request: Call): void => {
  const { application, handle } = request
  if (application.cluster.deleted.has(handle)) return settle(request, E.left(noSuchKey(request)))
  if (request.lookUps >= LOOK_UPS_MAX) return settle(request, E.left(noSuchKey(request)))
  const waiting = application.lookUps.get(handle)
  if (waiting !== undefined) {
    waiting.push(request)
    return
  }
  const requests = [request]
  application.lookUps.set(handle, requests)
  void lookUpFor(application, handle, requests)
}

const lookUpFor = async (
  application: ApplicationState,
  handle: number,
  requests: ReadonlyArray<Call>,
): Promise<void> => {
  const found = await findHolders(application, handle)
  application.lookUps.delete(handle)
  for (const request of requests) afterLookUp(request, found)
}

const afterLookUp = (request: Call, found: 'found' | 'absent' | 'unanswered'): void => {
  if (found === 'unanswered') return park(request)
  request.lookUps += 1
  if (found === 'absent') return settle(request, E.left(noSuchKey(request)))
  dispatch(request)
}

/** Waits for the next tick, or for a later one. */
const park = (request: Call): void => {
  request.seat = undefined
  request.application.cluster.parked.push(request)
}

/** Tries again what waits; gives up what has waited too long. */
export const retryParked = (cluster: Cluster): void => {
  if (cluster.parked.length === 0) return
  const { parked } = cluster
  cluster.parked = []
  for (const request of parked) {
    if (cluster.now >= request.deadline) settle(request, E.left(unreachableFailure))
    else if (cluster.now < request.notBefore) cluster.parked.push(request)
    else dispatch(request)
  }
}

const isSessionProblem = (ckr: number): boolean =>
  ckr === CKR.CKR_SESSION_HANDLE_INVALID || ckr === CKR.CKR_SESSION_CLOSED

const isKeyProblem = (ckr: number): boolean =>
  ckr === CKR.CKR_KEY_HANDLE_INVALID || ckr === CKR.CKR_OBJECT_HANDLE_INVALID

/** An HSM has answered `request`. */
export const callReplied = (request: Call, { ckr, hsmReturn, body }: Reply): void => {
  if (ckr === CKR.CKR_OK) return settle(request, E.right(body))
  if (hsmReturn === THROTTLED) return callThrottled(request, refusal(ckr, hsmReturn, body))
  if (isSessionProblem(ckr)) return sessionLost(request)
  if (isKeyProblem(ckr) && request.handle !== 0) return keyUnknown(request)
  if (ckr === CKR.CKR_DEVICE_ERROR) return hsmUnable(request, refusal(ckr, hsmReturn, body))
  settle(request, E.left(refusal(ckr, hsmReturn, body)))
}

const callThrottled = (request: Call, why: ClientFailure): void => {
  const { cluster } = request.application
  cluster.env.logger.log('warn', `Received error response code from Server. Response Code: ${THROTTLED}`)
  if (cluster.settings.retryMode === 'off' || request.throttled >= THROTTLE_RETRIES_MAX) {
    return settle(request, E.left(why))
  }
  request.notBefore = cluster.now + THROTTLE_BACKOFF_MILLIS * 2 ** request.throttled
  request.throttled += 1
  park(request)
}

const sessionLost = (request: Call): void => {
  const { application, seat } = request
  if (seat !== undefined) {
    if (seat.session === request.session) dropSession(seat)
    void restoreSeat(application, seat)
  }
  dispatch(request)
}

const keyUnknown = (request: Call): void => {
  const { application, handle, seat } = request
  if (application.sessionKeys.delete(handle) || seat === undefined) {
    return settle(request, E.left(noSuchKey(request)))
  }
  request.tried = [...request.tried, seat.link]
  removeHolder(application, handle, seat.link)
  dispatch(request)
}

/** An HSM that does not serve, or whose storage is broken: others may do better. */
const hsmUnable = (request: Call, why: ClientFailure): void => {
  const { application, handle, seat } = request
  if (seat === undefined || application.sessionKeys.has(handle)) return settle(request, E.left(why))
  request.tried = [...request.tried, seat.link]
  const other = chooseSeat(application, application.placements.get(handle)?.holders, request.tried)
  if (other === undefined) settle(request, E.left(why))
  else send(request, other)
}

/** The HSM that `request` stood on gives no answer: another one is asked. */
export const callLost = (request: Call, why: Loss): void => {
  if (why === 'deadline') return settle(request, E.left(unreachableFailure))
  request.seat = undefined
  dispatch(request)
}

/** Ends what an application still waits for. */
export const abandonCalls = (application: ApplicationState): void => {
  const { cluster } = application
  const mine = cluster.parked.filter((request) => request.application === application)
  cluster.parked = cluster.parked.filter((request) => request.application !== application)
  for (const { link } of application.seats) {
    for (const request of link.pending.values()) {
      if (request._tag !== 'call' || request.application !== application) continue
      link.pending.delete(request.requestId)
      request.requestId = 0
      mine.push(request)
    }
  }
  for (const request of mine) settle(request, E.left(closedFailure))
}
