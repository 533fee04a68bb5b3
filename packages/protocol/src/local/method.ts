import type { Either } from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import type { LocalError } from './messages.ts'

/** What a method takes and gives. Methods that only answer have no `event`. */
export type LocalMethod = Readonly<{
  params: t.Mixed
  event?: t.Mixed
  result: t.Mixed
}>
export type LocalMethods = Readonly<Record<string, LocalMethod>>

export type ParamsOf<Method extends LocalMethod> = t.TypeOf<Method['params']>
export type EventOf<Method extends LocalMethod> = Method extends { readonly event: t.Mixed }
  ? t.TypeOf<Method['event']>
  : never
export type ResultOf<Method extends LocalMethod> = t.TypeOf<Method['result']>

/** How a handler sends the events of its request. */
export type EventSink<Event> = Readonly<{
  /** Resolves when there is room for more; false: the client has gone, and nobody listens any more. */
  emit: (event: Event) => Promise<boolean>
  /** Calls `run` once when the client goes, at once if it has gone. */
  onGone: (run: () => void) => void
}>

export type LocalHandler<Method extends LocalMethod> = (
  params: ParamsOf<Method>,
  events: EventSink<EventOf<Method>>,
) => Promise<Either<LocalError, ResultOf<Method>>>

export type LocalHandlers<Methods extends LocalMethods> = Readonly<{
  [Name in keyof Methods]: LocalHandler<Methods[Name]>
}>
