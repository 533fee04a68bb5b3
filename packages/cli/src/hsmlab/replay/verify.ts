import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { EXIT, type ExitCode, type Outcome, told } from '../outcome.ts'
import { brokenText } from './describe.ts'
import { canonicalState, foldLog } from './fold.ts'
import type { BrokenLog } from './fold-all.ts'
import type { Logs, LogSource } from './log-source.ts'

type Measure = Readonly<{ log: string; records: number; stateBytes: number; digest: string }>

/**
 * What came of one log. `unchecked`: it is sound, and there is no live state to compare with. `differsAt`: the first
 * byte in which the live state is another.
 */
export type ReplayVerdict =
  | (Measure & Readonly<{ state: 'same' | 'unchecked' }>)
  | (Measure & Readonly<{ state: 'different'; differsAt: number }>)
  | (BrokenLog & Readonly<{ state: 'broken' }>)

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The first place where two are not the same; `undefined`: nowhere. */
const firstDifference = (a: Uint8Array, b: Uint8Array): number | undefined => {
  if (Buffer.compare(a, b) === 0) return undefined
  const shorter = Math.min(a.length, b.length)
  for (let at = 0; at < shorter; at += 1) if (a[at] !== b[at]) return at
  return shorter
}

/** Asks for the live state first: the log only grows, so the records it stands for are all there. */
const judge = async (source: LogSource): Promise<ReplayVerdict> => {
  const { log } = source
  const live = await source.live?.()
  if (live !== undefined && E.isLeft(live)) return { state: 'broken', log, ...live.left }
  const folded = await foldLog(source, live === undefined ? {} : { length: live.right.length })
  if (E.isLeft(folded)) return { state: 'broken', log, ...folded.left }
  const bytes = utf8Bytes(canonicalState(folded.right))
  const measure = { log, records: folded.right.length, stateBytes: bytes.length, digest: sha256(bytes) }
  if (live === undefined) return { ...measure, state: 'unchecked' }
  const differsAt = firstDifference(bytes, live.right.bytes)
  return differsAt === undefined ? { ...measure, state: 'same' } : { ...measure, state: 'different', differsAt }
}

const measureText = ({ log, records, stateBytes, digest }: Measure): string =>
  `${log}  ${records} records, ${stateBytes} bytes of state, sha256 ${digest.slice(0, 16)}`

const verdictText = (verdict: ReplayVerdict): string => {
  switch (verdict.state) {
    case 'same':
      return `${measureText(verdict)}: byte for byte the live state`
    case 'different':
      return `${measureText(verdict)}: DIFFERS from the live state at byte ${verdict.differsAt}`
    case 'unchecked':
      return `${measureText(verdict)}: log sound`
    case 'broken':
      return brokenText(verdict)
  }
}

type Counts = Readonly<Record<ReplayVerdict['state'], number>>

const summary = ({ same, different, unchecked, broken }: Counts, isRunning: boolean): string => {
  const all = same + different + unchecked + broken
  if (broken > 0) return `${broken} of ${all} logs cannot be replayed.`
  if (!isRunning)
    return 'The product does not run, so there is no live state to compare with; chains, MACs and heads hold.'
  if (different > 0) return `${different} of ${all} states differ from what replay gives.`
  const away =
    ['', ' One HSM does not run; its log is sound.'][unchecked] ??
    ` ${unchecked} HSMs do not run; their logs are sound.`
  return `Replay and live state are the same, byte for byte.${away}`
}

const exitOf = ({ different, broken }: Counts): ExitCode =>
  broken > 0 ? EXIT.failed : different > 0 ? EXIT.differs : EXIT.done

/** Folds all logs in this process and holds the states against the live ones. */
export const replayVerify = async (logs: Logs): Promise<Outcome> => {
  const verdicts: ReplayVerdict[] = []
  for (const source of logs.sources) verdicts.push(await judge(source))
  const count = (state: ReplayVerdict['state']): number => verdicts.filter((each) => each.state === state).length
  const counts = {
    same: count('same'),
    different: count('different'),
    unchecked: count('unchecked'),
    broken: count('broken'),
  }
  const text = [...verdicts.map(verdictText), summary(counts, logs.isRunning)].join('\n')
  const same = counts.different === 0 && counts.broken === 0
  return E.right(told({ same, compared: logs.isRunning, logs: verdicts }, text, exitOf(counts)))
}
