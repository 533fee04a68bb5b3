import * as E from 'fp-ts/lib/Either.js'
import type { CkrName } from '@hsmlab/pkcs11'

/** Why a PKCS#11 call did nothing: its return value, by name. */
export type Refusal = Readonly<{ _tag: CkrName }>
export type Answer<A> = E.Either<Refusal, A>
/** An answer that needed no HSM comes at once: whoever calls saves a turn of the event loop. */
export type Reply<A> = Answer<A> | Promise<Answer<A>>

const REFUSALS = new Map<CkrName, E.Either<Refusal, never>>()

/** The same object each time: refusing costs nothing. */
export const refuse = (code: CkrName): E.Either<Refusal, never> => {
  const known = REFUSALS.get(code)
  if (known !== undefined) return known
  const made = E.left({ _tag: code })
  REFUSALS.set(code, made)
  return made
}

export const DONE: Answer<void> = E.right(undefined)

/** `then` for answers that may be there already. */
export const whenAnswered = <A, B>(reply: Reply<A>, use: (answer: Answer<A>) => Reply<B>): Reply<B> =>
  reply instanceof Promise ? reply.then(use) : use(reply)
