import type { Either } from 'fp-ts/lib/Either.js'

/** An aggregate: what it decides is pure, what it knows is a fold over its events. */
export interface Decider<Command, State, Event, Rejection> {
  readonly initial: State
  readonly decide: (command: Command, state: State) => Either<Rejection, ReadonlyArray<Event>>
  /** Total: a fact on the log is applied, never questioned. */
  readonly evolve: (state: State, event: Event) => State
}

/** The state that `events` leave behind. */
export const replay = <C, S, E, R>(decider: Decider<C, S, E, R>, events: Iterable<E>): S => {
  let state = decider.initial
  for (const event of events) state = decider.evolve(state, event)
  return state
}
