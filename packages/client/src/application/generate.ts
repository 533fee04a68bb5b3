import * as E from 'fp-ts/lib/Either.js'
import type { KeyTemplate } from '@hsmlab/domain'
import type { KeyView, ReplyOf, RequestOf } from '@hsmlab/protocol'
import { isReachSettled } from '../cluster/reach.ts'
import { waitUntil } from '../cluster/stir.ts'
import { availabilityMessage, closedFailure, outcomeUnknownFailure, unreachableFailure } from '../failure.ts'
import type { ClientFailure, ClientResult, GenerateOptions } from '../face.ts'
import { CALL_MILLIS, OUTCOME_PATIENCE_MILLIS } from '../limits.ts'
import { askJson } from '../link/ask.ts'
import type { ApplicationState, Seat } from '../state.ts'
import { chooseSeat } from './choose-seat.ts'
import { commandId } from './command-id.ts'
import { persist } from './persist.ts'
import { holdersNeeded, replicate } from './replicate.ts'
import { isReady } from './seats.ts'
import { isTokenKey } from './session-keys.ts'

type Making = 'generateKey' | 'generateKeyPair'
type Made<Name extends Making> = Readonly<{ reply: ReplyOf<Name>; seat: Seat; incarnation: number }>

/** All session keys of one PKCS#11 session are made by one HSM, or they could not be used together. */
const homeOf = (application: ApplicationState, tag: number): Seat | undefined => {
  const home = tag === 0 ? undefined : application.tagHomes.get(tag)
  return home !== undefined && isReady(application, home) && home.link.serving ? home : undefined
}

/**
 * Waits for an HSM that can make a key, and, when the network has just come up, for those that are to get a copy: or one
 * HSM that is a moment faster than the others would make a key that it keeps alone.
 */
const chooseMaker = async (
  application: ApplicationState,
  tag: number,
  deadline: number,
): Promise<E.Either<ClientFailure, Seat>> => {
  let maker: Seat | undefined
  await waitUntil(
    application.cluster,
    () => {
      if (!isReachSettled(application.cluster)) return application.closed
      maker = homeOf(application, tag) ?? chooseSeat(application, undefined, [])
      return maker !== undefined || application.closed
    },
    deadline,
  )
  if (application.closed) return E.left(closedFailure)
  return maker === undefined ? E.left(unreachableFailure) : E.right(maker)
}

/**
 * Makes a key on one HSM. While the outcome is unknown the same HSM is asked under the same command id, and no other: the
 * key is made once or not at all.
 */
const make = async <Name extends Making>(
  application: ApplicationState,
  name: Name,
  tag: number,
  requestOf: (id: RequestOf<Name>['commandId']) => RequestOf<Name>,
): Promise<E.Either<ClientFailure, Made<Name>>> => {
  const { cluster } = application
  const deadline = cluster.now + CALL_MILLIS
  for (;;) {
    const maker = await chooseMaker(application, tag, deadline)
    if (E.isLeft(maker)) return maker
    const seat = maker.right
    const request = requestOf(commandId(cluster))
    let incarnation = seat.incarnation
    const answer = await persist(application, seat, { patience: OUTCOME_PATIENCE_MILLIS }, (_, within) => {
      incarnation = seat.incarnation
      const options = { session: seat.session, patience: OUTCOME_PATIENCE_MILLIS, within }
      return askJson(cluster, seat.link, name, request, options)
    })
    if (E.isRight(answer)) return E.right({ reply: answer.right, seat, incarnation })
    const { failure, fate } = answer.left
    if (fate === 'unknown') return E.left(outcomeUnknownFailure('The key may have been made'))
    const canChooseAgain = failure === unreachableFailure && cluster.now < deadline && !application.closed
    if (!canChooseAgain) return E.left(failure)
  }
}

/** Session keys stay where they are; token keys are copied, and acknowledged when enough HSMs hold them. */
const keep = async (
  application: ApplicationState,
  { seat, incarnation }: Readonly<{ seat: Seat; incarnation: number }>,
  keys: ReadonlyArray<KeyView>,
  tag: number,
): Promise<E.Either<ClientFailure, void>> => {
  const tokenKeys = keys.filter(isTokenKey)
  for (const key of keys) {
    if (!isTokenKey(key)) application.sessionKeys.set(key.handle, { seat, incarnation, tag })
  }
  if (tokenKeys.length < keys.length && tag !== 0) application.tagHomes.set(tag, seat)
  if (tokenKeys.length === 0) return E.right(undefined)

  const holders = await replicate(
    application,
    seat,
    tokenKeys.map(({ handle }) => handle),
  )
  if (holders.length >= holdersNeeded(application)) return E.right(undefined)
  for (const { handle } of tokenKeys) application.cluster.env.logger.log('error', availabilityMessage(handle))
  return E.left(outcomeUnknownFailure('The key could not be copied to another HSM'))
}

const generationOf = ({ mechanism, tag, sharedWith = [] }: GenerateOptions) => ({ mechanism, tag, sharedWith })

/** Secret keys ("generate-symmetric"). */
export const generateKey = async (
  application: ApplicationState,
  template: KeyTemplate,
  options: GenerateOptions,
): ClientResult<KeyView> => {
  const made = await make(application, 'generateKey', options.tag, (id) => ({
    commandId: id,
    template,
    ...generationOf(options),
  }))
  if (E.isLeft(made)) return made
  const { key } = made.right.reply
  const kept = await keep(application, made.right, [key], options.tag)
  return E.isLeft(kept) ? kept : E.right(key)
}

/** Key pairs ("generate-asymmetric-pair"): both halves, or neither. */
export const generateKeyPair = async (
  application: ApplicationState,
  publicTemplate: KeyTemplate,
  privateTemplate: KeyTemplate,
  options: GenerateOptions,
): ClientResult<Readonly<{ publicKey: KeyView; privateKey: KeyView }>> => {
  const made = await make(application, 'generateKeyPair', options.tag, (id) => ({
    commandId: id,
    publicTemplate,
    privateTemplate,
    ...generationOf(options),
  }))
  if (E.isLeft(made)) return made
  const { publicKey, privateKey } = made.right.reply
  const kept = await keep(application, made.right, [publicKey, privateKey], options.tag)
  return E.isLeft(kept) ? kept : E.right({ publicKey, privateKey })
}
