import * as E from 'fp-ts/lib/Either.js'
import { controllerFold } from '@hsmlab/application'
import {
  blankHsm,
  canonicalControlPlane,
  canonicalHsmState,
  type ControlPlane,
  decodeHsmFact,
  evolveHsm,
  type HsmState,
} from '@hsmlab/domain'
import type { Problem } from '../outcome.ts'
import type { LogSource } from './log-source.ts'

/** How far to fold: so many records, or up to a moment (wall microseconds). */
export type FoldEnd = Readonly<{ length?: number; atMicros?: number }>

export type FoldedLog =
  | Readonly<{ _tag: 'controller'; log: LogSource['log']; length: number; plane: ControlPlane }>
  | Readonly<{ _tag: 'hsm'; log: LogSource['log']; length: number; state: HsmState }>

const unreadable = (log: string, position: number): E.Either<Problem, never> =>
  E.left({
    code: 'FactUnreadable',
    message: `Record ${position} of the log of ${log} cannot be read: it may be of a newer version of hsmlab.`,
  })

type Folding = Promise<E.Either<Problem, FoldedLog>>

const foldController = async (source: LogSource, { length, atMicros }: FoldEnd): Folding => {
  const end = { ...(length === undefined ? {} : { position: length }), ...(atMicros === undefined ? {} : { atMicros }) }
  const fold = controllerFold(end)
  const read = await source.read(length, (_position, payload) => fold.apply(payload))
  if (E.isLeft(read)) return read
  const folded = fold.result()
  if (E.isLeft(folded)) return unreadable(source.log, folded.left.position)
  const { plane, position } = folded.right
  return E.right({ _tag: 'controller', log: source.log, length: position, plane })
}

const foldHsm = async (source: LogSource, { length, atMicros = Infinity }: FoldEnd): Folding => {
  const state = blankHsm()
  let folded = 0
  let isUnreadable = false
  const read = await source.read(length, (_position, payload) => {
    const fact = decodeHsmFact(payload)
    isUnreadable = E.isLeft(fact)
    if (E.isLeft(fact) || fact.right.at > atMicros) return false
    evolveHsm(state, fact.right)
    folded += 1
    return true
  })
  if (E.isLeft(read)) return read
  if (isUnreadable) return unreadable(source.log, folded)
  return E.right({ _tag: 'hsm', log: source.log, length: folded, state })
}

/** Folds a log again, from its first record on: the very functions that the running product folds with. */
export const foldLog = (source: LogSource, end: FoldEnd = {}): Folding =>
  source.log === 'controller' ? foldController(source, end) : foldHsm(source, end)

/** The one text of what was folded: two folds agree if and only if these do. */
export const canonicalState = (folded: FoldedLog): string =>
  folded._tag === 'controller' ? canonicalControlPlane(folded.plane) : canonicalHsmState(folded.state)
