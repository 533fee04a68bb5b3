import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { canonicalJson, type Json, parseJsonBytes, utf8Bytes } from '@hsmlab/event-sourcing'
import { type HsmRejection, rejection } from '@hsmlab/domain'
import { CKR, type CkrName } from '@hsmlab/pkcs11'
import { messageBody, type SessionReply } from '@hsmlab/protocol'

/** What an operation answers: the reply's body, or a refusal. */
export type Answer = E.Either<HsmRejection, Uint8Array>

export const EMPTY: Uint8Array = new Uint8Array(0)
export const done: Answer = E.right(EMPTY)

export const refuse = (tag: CkrName, message: string, hsmReturn = 0): Answer =>
  E.left(rejection(tag, message, hsmReturn))

export const MALFORMED: Answer = refuse('CKR_ARGUMENTS_BAD', 'The request could not be read.')
export const NO_SESSION: Answer = refuse('CKR_SESSION_HANDLE_INVALID', 'There is no such session on this HSM.')
export const NOT_LOGGED_IN: Answer = refuse('CKR_USER_NOT_LOGGED_IN', 'Only a crypto user may do this.')

/** The request in a JSON body; `undefined` for anything that is none. */
export const readJson = <A>(codec: t.Type<A, unknown>, body: Uint8Array): A | undefined => {
  const decoded = codec.decode(body.length === 0 ? {} : parseJsonBytes(body))
  return E.isRight(decoded) ? decoded.right : undefined
}

export const writeJson = <A>(codec: t.Type<A, unknown>, reply: A): Uint8Array =>
  utf8Bytes(canonicalJson(codec.encode(reply) as Json))

export const sessionReply = (requestId: number, answer: Answer): SessionReply =>
  E.isRight(answer)
    ? { requestId, ckr: 0, hsmReturn: 0, body: answer.right }
    : {
        requestId,
        ckr: CKR[answer.left._tag],
        hsmReturn: answer.left.hsmReturn,
        body: messageBody(answer.left.message),
      }
