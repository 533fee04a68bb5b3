import * as E from 'fp-ts/lib/Either.js'
import type { DecodeError, Tagged } from '@hsmlab/event-sourcing'
import { type ControlPlane, decodeClusterFact, emptyControlPlane, evolveControlPlane } from '@hsmlab/domain'

/** The record at `position` is none of the controller's facts, or of a later version of hsmlab. */
export type FactUnreadable = Tagged<'FactUnreadable', { position: number; cause: DecodeError }>

/** Where to stop: before the record at `position`, or before the first fact later than `atMicros`. */
export type FoldEnd = Readonly<{ position?: number; atMicros?: number }>

export type Folded = Readonly<{ plane: ControlPlane; position: number }>

/** Folds the controller's log record by record: the live controller, and whoever replays, get the same state. */
export const controllerFold = (end: FoldEnd = {}) => {
  const { position: last = Infinity, atMicros = Infinity } = end
  let folded: Folded = { plane: emptyControlPlane, position: 0 }
  let failure: FactUnreadable | undefined
  let ended = false
  return {
    /** False when nothing more is wanted. */
    apply: (payload: Uint8Array): boolean => {
      if (ended || failure !== undefined || folded.position >= last) return false
      const fact = decodeClusterFact(payload)
      if (E.isLeft(fact)) {
        failure = { _tag: 'FactUnreadable', position: folded.position, cause: fact.left }
        return false
      }
      ended = fact.right.at > atMicros
      if (ended) return false
      folded = { plane: evolveControlPlane(folded.plane, fact.right), position: folded.position + 1 }
      return true
    },
    result: (): E.Either<FactUnreadable, Folded> => (failure === undefined ? E.right(folded) : E.left(failure)),
  }
}

/** The state that the payloads of the controller's log fold to, up to `end`. */
export const foldControllerLog = (
  payloads: Iterable<Uint8Array>,
  end: FoldEnd = {},
): E.Either<FactUnreadable, Folded> => {
  const fold = controllerFold(end)
  for (const payload of payloads) if (!fold.apply(payload)) break
  return fold.result()
}
