import * as E from 'fp-ts/lib/Either.js'
import type { Problem } from '../outcome.ts'
import { type FoldedLog, type FoldEnd, foldLog } from './fold.ts'
import type { Logs, LogSource } from './log-source.ts'

/** Folds every log, one after the other, up to an end of its own. */
export const foldAll = async (
  { sources }: Logs,
  endOf: (source: LogSource) => FoldEnd = () => ({}),
): Promise<E.Either<Problem, ReadonlyArray<FoldedLog>>> => {
  const folded: FoldedLog[] = []
  for (const source of sources) {
    const one = await foldLog(source, endOf(source))
    if (E.isLeft(one)) return one
    folded.push(one.right)
  }
  return E.right(folded)
}
