import * as E from 'fp-ts/lib/Either.js'
import { type Outcome, type Problem, told } from '../outcome.ts'
import { describeHistory, historyText } from './describe.ts'
import { type FoldedLog, type FoldEnd } from './fold.ts'
import { foldAll } from './fold-all.ts'
import { handleOf, keyLife } from './key-life.ts'
import type { Logs, LogSource } from './log-source.ts'
import { momentOf, type Place, placeOf } from './moment.ts'
import { withLogs } from './open-logs.ts'
import { replayVerify } from './verify.ts'

export type ReplayOptions = Readonly<{ verify?: boolean; at?: string; key?: string }>

const history = (folded: E.Either<Problem, ReadonlyArray<FoldedLog>>): Outcome => {
  if (E.isLeft(folded)) return folded
  const described = describeHistory(folded.right)
  return E.right(told(described, historyText(described)))
}

/** The named log ends at its position, the others at the moment of that. */
const endAt =
  (place: Place, atMicros: number) =>
  ({ log }: LogSource): FoldEnd =>
    place._tag === 'position' && place.log === log ? { length: place.length } : { atMicros }

const replayAt = async (logs: Logs, place: Place): Promise<Outcome> => {
  const atMicros = await momentOf(logs, place)
  return E.isLeft(atMicros) ? atMicros : history(await foldAll(logs, endAt(place, atMicros.right)))
}

/** Folds the logs again: to the end, to a place in history, to compare with the live state, or to tell one key's life. */
export const replay = async (dataDirectory: string, { verify, at, key }: ReplayOptions): Promise<Outcome> => {
  if (verify === true) return withLogs(dataDirectory, replayVerify)
  if (key !== undefined) {
    const handle = handleOf(key)
    return E.isLeft(handle) ? handle : withLogs(dataDirectory, (logs) => keyLife(logs, handle.right))
  }
  if (at === undefined) return withLogs(dataDirectory, async (logs): Promise<Outcome> => history(await foldAll(logs)))
  const place = placeOf(at)
  return E.isLeft(place) ? place : withLogs(dataDirectory, (logs) => replayAt(logs, place.right))
}
