import * as E from 'fp-ts/lib/Either.js'
import type { Problem } from '../outcome.ts'
import { type FoldedLog, type FoldEnd, foldLog } from './fold.ts'
import type { Logs, LogSource } from './log-source.ts'

/** A log that cannot be folded, and why: its owner was thrown out for it, or will be. */
export type BrokenLog = Problem & Readonly<{ log: LogSource['log'] }>

/** One broken log does not hide what the others tell. */
export type Folded = Readonly<{ logs: ReadonlyArray<FoldedLog>; broken: ReadonlyArray<BrokenLog> }>

/** Folds every log, one after the other, up to an end of its own. */
export const foldAll = async (
  { sources }: Logs,
  endOf: (source: LogSource) => FoldEnd = () => ({}),
): Promise<Folded> => {
  const logs: FoldedLog[] = []
  const broken: BrokenLog[] = []
  for (const source of sources) {
    const one = await foldLog(source, endOf(source))
    if (E.isRight(one)) logs.push(one.right)
    else broken.push({ log: source.log, ...one.left })
  }
  return { logs, broken }
}
