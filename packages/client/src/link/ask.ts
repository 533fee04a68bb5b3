import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { JSON_OPERATIONS, type JsonOperationName, OPERATION, type ReplyOf, type RequestOf } from '@hsmlab/protocol'
import { failure, garbageFailure, refusal, tooLongFailure } from '../failure.ts'
import type { ClientFailure } from '../face.ts'
import { readBytes, writeBytes } from '../json.ts'
import { CALL_MILLIS } from '../limits.ts'
import type { Ask, Cluster, Link, Outcome } from '../state.ts'
import { BODY_SIZE_MAX, post } from './link.ts'

/** `unsent`: it did nothing. `refused`: the HSM said no. `unknown`: it may have been done, or may be done yet. */
export type AskFailure = Readonly<{ failure: ClientFailure; fate: 'unsent' | 'refused' | 'unknown' }>
export type Answer<A> = E.Either<AskFailure, A>

export type AskOptions = Readonly<{
  operation: number
  session: number
  body: Uint8Array
  /** Silence of the HSM, in milliseconds, after which nobody waits any more. */
  patience: number
  /** Milliseconds from now; default 10 s. */
  within?: number
  secret?: boolean
}>

const LOST = failure('CKR_FUNCTION_FAILED', 'The HSM gave no answer.')

export const unsent = (why: ClientFailure): Answer<never> => E.left({ failure: why, fate: 'unsent' })

/** One request to one HSM. A secret body is wiped when there is an answer, or none will come. */
export const ask = async (cluster: Cluster, link: Link, options: AskOptions): Promise<Answer<Uint8Array>> => {
  const { operation, session, body, patience, within = CALL_MILLIS, secret = false } = options
  if (link.channel === undefined) return unsent(LOST)
  if (body.length > BODY_SIZE_MAX) return unsent(tooLongFailure)
  const outcome = await new Promise<Outcome>((resolve) => {
    const request: Ask = {
      _tag: 'ask',
      operation,
      session,
      body,
      patience,
      secret,
      resolve,
      requestId: 0,
      resendAt: 0,
      resendWait: 0,
      deadline: cluster.now + within,
    }
    post(cluster, link, request)
  })
  if (secret) body.fill(0)
  if ('loss' in outcome) return E.left({ failure: LOST, fate: 'unknown' })
  const { ckr, hsmReturn, body: answer } = outcome.reply
  return ckr === 0 ? E.right(answer) : E.left({ failure: refusal(ckr, hsmReturn, answer), fate: 'refused' })
}

/** The codecs of one operation; the compiler cannot see that a name leads to a pair that belongs together. */
const codecsOf = <Name extends JsonOperationName>(name: Name) =>
  JSON_OPERATIONS[name] as unknown as Readonly<{
    request: t.Type<RequestOf<Name>, unknown>
    reply: t.Type<ReplyOf<Name>, unknown>
  }>

export type JsonAskOptions = Readonly<{ session: number; patience: number; within?: number }>

/** One operation with a JSON body. An answer that cannot be read leaves open what was done. */
export const askJson = async <Name extends JsonOperationName>(
  cluster: Cluster,
  link: Link,
  name: Name,
  request: RequestOf<Name>,
  options: JsonAskOptions,
): Promise<Answer<ReplyOf<Name>>> => {
  const codecs = codecsOf(name)
  const body = writeBytes(codecs.request, request)
  const answer = await ask(cluster, link, { operation: OPERATION[name], body, ...options })
  if (E.isLeft(answer)) return answer
  const reply = readBytes(codecs.reply, answer.right)
  return reply === undefined ? E.left({ failure: garbageFailure, fate: 'refused' }) : E.right(reply)
}
