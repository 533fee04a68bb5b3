import { blankHsm, canonicalHsmState, evolveHsm, type HsmFact, type HsmId, readHsmSnapshot } from '@hsmlab/domain'
import type { Violation } from './violation.ts'

/** The live state of an HSM as it was at `revision`, canonical. */
export type Sample = Readonly<{ hsmId: HsmId; revision: number; state: string }>

const broken = (what: string): Violation => ({ promise: 'P4', what })

/** Where two canonical texts part, in as few words as help. */
const difference = (replayed: string, live: string): string => {
  let at = 0
  while (at < replayed.length && replayed[at] === live[at]) at += 1
  const around = (text: string): string => text.slice(Math.max(0, at - 40), at + 60)
  return `replayed …${around(replayed)}…, live …${around(live)}…`
}

/** P4: the log of an HSM, folded again, gives the live state at its end and at every sampled position. */
export const checkReplay = (
  live: Sample,
  facts: ReadonlyArray<HsmFact>,
  samples: ReadonlyArray<Sample>,
): ReadonlyArray<Violation> => {
  const { hsmId } = live
  const wanted = new Map<number, string>(samples.map(({ revision, state }) => [revision, state]))
  wanted.set(live.revision, live.state)

  const violations: Violation[] = []
  const state = blankHsm()
  for (const [position, fact] of facts.entries()) {
    evolveHsm(state, fact)
    const expected = wanted.get(position + 1)
    if (expected === undefined) continue
    wanted.delete(position + 1)
    const replayed = canonicalHsmState(state)
    if (replayed !== expected) {
      violations.push(broken(`${hsmId} at ${position + 1}: ${difference(replayed, expected)}`))
    }
  }
  for (const revision of wanted.keys()) violations.push(broken(`${hsmId} has no position ${revision} any more`))
  const [snapshot] = samples
  if (snapshot !== undefined) violations.push(...checkShortcut(hsmId, snapshot, facts, live.state))
  return violations
}

/** A snapshot is a shortcut: what is folded on from it comes to the same state. */
const checkShortcut = (
  hsmId: HsmId,
  { revision, state }: Sample,
  facts: ReadonlyArray<HsmFact>,
  live: string,
): ReadonlyArray<Violation> => {
  const restored = readHsmSnapshot(state)
  if (restored === undefined) return [broken(`the snapshot of ${hsmId} at ${revision} cannot be read`)]
  for (const fact of facts.slice(revision)) evolveHsm(restored, fact)
  const shortcut = canonicalHsmState(restored)
  return shortcut === live ? [] : [broken(`${hsmId} from its snapshot at ${revision}: ${difference(shortcut, live)}`)]
}
