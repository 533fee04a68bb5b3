import * as E from 'fp-ts/lib/Either.js'
import { allowed, mechanismFacts } from '@hsmlab/crypto'
import { type Answer, DONE, refuse, type Reply, whenAnswered } from '../answer.ts'
import type { CallMechanism } from '../call-mechanism.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import { beginKeyOperation, type BeginContext, type KeyFunction } from '../operations/begin.ts'
import { cipherOperation } from '../operations/cipher.ts'
import { digestOperation } from '../operations/digest.ts'
import { type KeyOperation, signOperation, verifyOperation } from '../operations/sign.ts'
import type { Output } from '../output.ts'
import type { Operations, Session } from '../session/session.ts'
import { type Connection, inSession } from './state.ts'

type Kind = Exclude<keyof Operations, 'find'>
type OperationOf<K extends Kind> = Exclude<Operations[K], undefined>

/** The operation is over, unless its caller was told how much room it needs. */
const ending = <A>(operations: Operations, kind: Kind, reply: Reply<A>): Reply<A> =>
  whenAnswered(reply, (answer) => {
    if (E.isLeft(answer) || typeof answer.right !== 'number') operations[kind] = undefined
    return answer
  })

/** The operation goes on, unless it failed. */
const continuing = <A>(operations: Operations, kind: Kind, reply: Reply<A>): Reply<A> =>
  whenAnswered(reply, (answer) => {
    if (E.isLeft(answer)) operations[kind] = undefined
    return answer
  })

type CryptoCalls = Pick<
  CryptokiConnection,
  | 'C_EncryptInit'
  | 'C_Encrypt'
  | 'C_EncryptUpdate'
  | 'C_EncryptFinal'
  | 'C_DecryptInit'
  | 'C_Decrypt'
  | 'C_DecryptUpdate'
  | 'C_DecryptFinal'
  | 'C_DigestInit'
  | 'C_Digest'
  | 'C_DigestUpdate'
  | 'C_DigestFinal'
  | 'C_SignInit'
  | 'C_Sign'
  | 'C_SignUpdate'
  | 'C_SignFinal'
  | 'C_VerifyInit'
  | 'C_Verify'
  | 'C_VerifyUpdate'
  | 'C_VerifyFinal'
>

export const cryptoCalls = (connection: Connection): CryptoCalls => {
  const { settings } = connection
  const { engine, logger, facts } = connection.shared

  const contextOf = ({ token }: Session): BeginContext => ({
    engine,
    logger,
    settings,
    mode: facts.mode(token.client),
  })

  /** C_…Init: makes an operation, or ends the active one when there is no mechanism. */
  const init = <K extends Kind>(
    handle: number,
    kind: K,
    mechanism: CallMechanism | undefined,
    make: (session: Session, mechanism: CallMechanism) => Answer<OperationOf<K>>,
  ): Reply<void> =>
    inSession(connection, handle, (session) => {
      const { operations } = session
      if (mechanism === undefined) {
        operations[kind] = undefined
        return DONE
      }
      if (operations[kind] !== undefined) return refuse('CKR_OPERATION_ACTIVE')
      const made = make(session, mechanism)
      if (E.isLeft(made)) return made
      operations[kind] = made.right
      return DONE
    })

  const initWithKey = <K extends KeyFunction>(
    handle: number,
    kind: K,
    mechanism: CallMechanism | undefined,
    key: number,
    make: (operation: KeyOperation) => OperationOf<K>,
  ): Reply<void> =>
    init(handle, kind, mechanism, (session, given) => {
      const begun = beginKeyOperation(contextOf(session), session, kind, given, key)
      return E.isLeft(begun) ? begun : E.right(make(begun.right))
    })

  /** Runs on the active operation, which `then` ends or keeps. */
  const on = <K extends Kind, A>(
    handle: number,
    kind: K,
    run: (operation: OperationOf<K>) => Reply<A>,
    then: (operations: Operations, kind: Kind, reply: Reply<A>) => Reply<A>,
  ): Reply<A> =>
    inSession(connection, handle, ({ operations }) => {
      const operation = operations[kind]
      if (operation === undefined) return refuse('CKR_OPERATION_NOT_INITIALIZED')
      return then(operations, kind, run(operation as OperationOf<K>))
    })

  const digestInit = ({ token }: Session, { type, parameter }: CallMechanism) => {
    const refusal = allowed(type, facts.mode(token.client), undefined, 'digest')
    const hash = mechanismFacts(type)?.hash
    if (refusal !== undefined || hash === undefined) return refuse('CKR_MECHANISM_INVALID')
    if (parameter._tag !== 'none') return refuse('CKR_MECHANISM_PARAM_INVALID')
    return E.right(digestOperation(engine, hash))
  }

  return {
    C_EncryptInit: (handle, mechanism, key) =>
      initWithKey(handle, 'encrypt', mechanism, key, (begun) => cipherOperation(begun, 'encrypt')),
    C_Encrypt: (handle, plaintext, room) => on(handle, 'encrypt', (active) => active.whole(plaintext, room), ending),
    C_EncryptUpdate: (handle, part, room) => on(handle, 'encrypt', (active) => active.update(part, room), continuing),
    C_EncryptFinal: (handle, room) => on(handle, 'encrypt', (active) => active.final(room), ending),

    C_DecryptInit: (handle, mechanism, key) =>
      initWithKey(handle, 'decrypt', mechanism, key, (begun) => cipherOperation(begun, 'decrypt')),
    C_Decrypt: (handle, ciphertext, room) => on(handle, 'decrypt', (active) => active.whole(ciphertext, room), ending),
    C_DecryptUpdate: (handle, part, room) => on(handle, 'decrypt', (active) => active.update(part, room), continuing),
    C_DecryptFinal: (handle, room) => on(handle, 'decrypt', (active) => active.final(room), ending),

    C_DigestInit: (handle, mechanism) => init(handle, 'digest', mechanism, digestInit),
    C_Digest: (handle, message, room) => on(handle, 'digest', (active) => active.whole(message, room), ending),
    C_DigestUpdate: (handle, part) => on(handle, 'digest', (active) => active.update(part), continuing),
    C_DigestFinal: (handle, room) => on(handle, 'digest', (active) => active.final(room), ending),

    C_SignInit: (handle, mechanism, key) => initWithKey(handle, 'sign', mechanism, key, signOperation),
    C_Sign: (handle, message, room) => on(handle, 'sign', (active) => active.whole(message, room), ending<Output>),
    C_SignUpdate: (handle, part) => on(handle, 'sign', (active) => active.update(part), continuing),
    C_SignFinal: (handle, room) => on(handle, 'sign', (active) => active.final(room), ending),

    C_VerifyInit: (handle, mechanism, key) => initWithKey(handle, 'verify', mechanism, key, verifyOperation),
    C_Verify: (handle, message, signature) =>
      on(handle, 'verify', (active) => active.whole(message, signature), ending),
    C_VerifyUpdate: (handle, part) => on(handle, 'verify', (active) => active.update(part), continuing),
    C_VerifyFinal: (handle, signature) => on(handle, 'verify', (active) => active.final(signature), ending),
  }
}
