import * as E from 'fp-ts/lib/Either.js'
import { type Decider, replay } from '../decider.ts'

/** What a specification asks of a test runner: ava's execution context has it. */
export type SpecContext = Readonly<{ deepEqual: (actual: unknown, expected: unknown) => unknown }>
export type Spec = (t: SpecContext) => void

type Outcome<Event, Rejection> = Readonly<{
  thenEvents: (...expected: ReadonlyArray<Event>) => Spec
  thenRejected: (expected: Rejection) => Spec
}>

/** Given these events, when that command comes, then these events, or that rejection: an aggregate's tests in its words. */
export const specify = <Command, State, Event, Rejection>(decider: Decider<Command, State, Event, Rejection>) => ({
  given: (...history: ReadonlyArray<Event>) => ({
    when: (command: Command): Outcome<Event, Rejection> => {
      const decision = () => decider.decide(command, replay(decider, history))
      return {
        thenEvents: (...expected) => {
          return (t) => void t.deepEqual(decision(), E.right(expected))
        },
        thenRejected: (expected) => {
          return (t) => void t.deepEqual(decision(), E.left(expected))
        },
      }
    },
  }),
})
