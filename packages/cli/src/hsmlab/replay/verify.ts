import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { EXIT, type Outcome, type Problem, told } from '../outcome.ts'
import { canonicalState, foldLog } from './fold.ts'
import type { Logs, LogSource } from './log-source.ts'

/** What came of one log. `differsAt`: the first byte in which the live state is another. */
export type ReplayVerdict = Readonly<{
  log: string
  records: number
  stateBytes: number
  digest: string
  /** `unchecked`: the log is sound, and there is no live state to compare with. */
  state: 'same' | 'different' | 'unchecked'
  differsAt?: number
}>

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The first place where two are not the same; `undefined`: nowhere. */
const firstDifference = (a: Uint8Array, b: Uint8Array): number | undefined => {
  if (Buffer.compare(a, b) === 0) return undefined
  const shorter = Math.min(a.length, b.length)
  for (let at = 0; at < shorter; at += 1) if (a[at] !== b[at]) return at
  return shorter
}

type Judged = Promise<E.Either<Problem, ReplayVerdict>>

/** Asks for the live state first: the log only grows, so the records it stands for are all there. */
const judge = async (source: LogSource): Judged => {
  const live = await source.live?.()
  if (live !== undefined && E.isLeft(live)) return live
  const folded = await foldLog(source, live === undefined ? {} : { length: live.right.length })
  if (E.isLeft(folded)) return folded
  const bytes = utf8Bytes(canonicalState(folded.right))
  const common = { log: source.log, records: folded.right.length, stateBytes: bytes.length, digest: sha256(bytes) }
  if (live === undefined) return E.right({ ...common, state: 'unchecked' })
  const differsAt = firstDifference(bytes, live.right.bytes)
  return E.right(differsAt === undefined ? { ...common, state: 'same' } : { ...common, state: 'different', differsAt })
}

const verdictText = (verdict: ReplayVerdict): string => {
  const { log, records, stateBytes, digest } = verdict
  const measure = `${log}  ${records} records, ${stateBytes} bytes of state, sha256 ${digest.slice(0, 16)}`
  switch (verdict.state) {
    case 'same':
      return `${measure}: byte for byte the live state`
    case 'different':
      return `${measure}: DIFFERS from the live state at byte ${verdict.differsAt ?? 0}`
    case 'unchecked':
      return `${measure}: log sound`
  }
}

const summary = (verdicts: ReadonlyArray<ReplayVerdict>, isRunning: boolean): string => {
  if (!isRunning)
    return 'The product does not run, so there is no live state to compare with; chains, MACs and heads hold.'
  const different = verdicts.filter(({ state }) => state === 'different').length
  return different === 0
    ? 'Replay and live state are the same, byte for byte.'
    : `${different} of ${verdicts.length} states differ from what replay gives.`
}

/** Folds all logs in this process and holds the states against the live ones. */
export const replayVerify = async (logs: Logs): Promise<Outcome> => {
  const verdicts: ReplayVerdict[] = []
  for (const source of logs.sources) {
    const verdict = await judge(source)
    if (E.isLeft(verdict)) return verdict
    verdicts.push(verdict.right)
  }
  const same = verdicts.every(({ state }) => state !== 'different')
  const text = [...verdicts.map(verdictText), summary(verdicts, logs.isRunning)].join('\n')
  const json = { same, compared: logs.isRunning, logs: verdicts }
  return E.right(told(json, text, same ? EXIT.done : EXIT.differs))
}
