import * as E from 'fp-ts/lib/Either.js'
import { invariant } from '@hsmlab/event-sourcing'
import type { World } from './world.ts'

/** How often what is waited for is looked at, in milliseconds: a look at all HSMs costs as much as some of their beats. */
const LOOK_MILLIS = 50

/** Lets time pass until `done` says so; false when `millisMax` came first. */
export const pass = async ({ clock }: World, millisMax: number, done: () => boolean): Promise<boolean> => {
  const deadline = clock.monotonicMillis() + millisMax
  while (!done()) {
    if (clock.monotonicMillis() >= deadline) return false
    await clock.advance(LOOK_MILLIS)
  }
  return true
}

/** Lets time pass until `promise` has come. */
export const drive = async <A>(world: World, promise: Promise<A>): Promise<A> => {
  let result: E.Either<unknown, A> | undefined
  promise.then(
    (value) => (result = E.right(value)),
    (cause: unknown) => (result = E.left(cause)),
  )
  await pass(world, Infinity, () => result !== undefined)
  invariant(result !== undefined, 'time passes until the promise has come')
  if (E.isLeft(result)) throw result.left
  return result.right
}
