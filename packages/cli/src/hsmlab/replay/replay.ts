import * as E from 'fp-ts/lib/Either.js'
import { EXIT, type Outcome, told } from '../outcome.ts'
import { describeHistory, historyText } from './describe.ts'
import type { FoldEnd } from './fold.ts'
import { foldAll, type Folded } from './fold-all.ts'
import { handleOf, keyLife } from './key-life.ts'
import type { Logs, LogSource } from './log-source.ts'
import { momentOf, type Place, placeOf } from './moment.ts'
import { withLogs } from './open-logs.ts'
import { replayVerify } from './verify.ts'

export type ReplayOptions = Readonly<{ verify?: boolean; at?: string; key?: string }>

const history = (folded: Folded): Outcome => {
  const described = describeHistory(folded)
  const exit = folded.broken.length === 0 ? EXIT.done : EXIT.failed
  return E.right(told(described, historyText(described), exit))
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
