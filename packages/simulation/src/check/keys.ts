import type { Journal, MadeKey, WorkRecord } from '../history/record.ts'
import { losesStorage, type Plan, type WorkStep } from '../history/steps.ts'
import type { Holdings } from './holdings.ts'
import type { Violation } from './violation.ts'

const name = (handle: number): string => `0x${handle.toString(16)}`

/** P3: all HSMs hold the same token keys and tombstones, byte for byte, and their digests say so. */
export const checkConvergence = (holdings: ReadonlyArray<Holdings>): ReadonlyArray<Violation> => {
  const [first, ...others] = holdings
  if (first === undefined) return []
  return others.flatMap((other): ReadonlyArray<Violation> => {
    const handles = new Set([...first.entries.keys(), ...other.entries.keys()])
    const differing = [...handles].filter((handle) => first.entries.get(handle) !== other.entries.get(handle))
    if (differing.length > 0) {
      const kind = (entry: string | undefined): string =>
        entry === undefined ? 'nothing' : entry.includes('"sealed"') ? 'a key' : 'a tombstone'
      const list = differing.map(
        (handle) => `${name(handle)} (${kind(first.entries.get(handle))} / ${kind(other.entries.get(handle))})`,
      )
      return [{ promise: 'P3', what: `${first.hsmId} and ${other.hsmId} differ: ${list.join(', ')}` }]
    }
    if (first.digest === other.digest) return []
    return [{ promise: 'P3', what: `${first.hsmId} and ${other.hsmId} hold the same, but their digests differ` }]
  })
}

type Fate = Readonly<{
  /** When its deletion was acknowledged. */
  deletedAt: number | undefined
  /** Somebody asked for its deletion, with whatever result. */
  deletionTried: boolean
}>

const fateOf = (records: ReadonlyArray<WorkRecord>, key: number): Fate => {
  const deletions = records.filter(({ step }) => step.operation.type === 'delete' && step.operation.key === key)
  const acknowledged = deletions.filter(({ outcome }) => outcome._tag === 'ok').map(({ returnedAt = 0 }) => returnedAt)
  return {
    deletedAt: acknowledged.length === 0 ? undefined : Math.min(...acknowledged),
    deletionTried: deletions.some(({ outcome }) => outcome._tag !== 'skipped'),
  }
}

const checkKept = (key: number, { views }: MadeKey, fate: Fate, holdings: ReadonlyArray<Holdings>) =>
  views.flatMap(({ handle }) =>
    holdings.flatMap(({ hsmId, state }): ReadonlyArray<Violation> => {
      const stands = state.keys.has(handle)
      if (fate.deletedAt !== undefined) {
        if (stands) return [{ promise: 'P3', what: `key ${name(handle)} of step ${key} was deleted, ${hsmId} has it` }]
        return state.tombstones.has(handle)
          ? []
          : [{ promise: 'P1', what: `the deletion of key ${name(handle)} of step ${key} is lost on ${hsmId}` }]
      }
      if (stands || fate.deletionTried) return []
      return [{ promise: 'P1', what: `key ${name(handle)} of step ${key} was acknowledged, ${hsmId} lacks it` }]
    }),
  )

/** What began after a deletion was acknowledged must not succeed, nor may a find show the key. */
const checkUnused = (
  key: number,
  { views }: MadeKey,
  deletedAt: number,
  { records, uses, found }: Journal,
): ReadonlyArray<Violation> => {
  const violation = (step: number, did: string, at: number): Violation => ({
    promise: 'P3',
    what: `step ${step} ${did} key #${key} at ${at} ms, after its deletion was acknowledged at ${deletedAt} ms`,
  })
  const used = uses
    .filter((use) => use.key === key && use.invokedAt > deletedAt)
    .map(({ step, call, invokedAt }) => violation(step.id, `used (${call})`, invokedAt))
  const seen = records
    .filter(({ step, invokedAt }) => {
      const handles = invokedAt > deletedAt ? found.get(step.id) : undefined
      return views.some(({ handle }) => handles?.includes(handle) === true)
    })
    .map(({ step, invokedAt }) => violation(step.id, 'found', invokedAt))
  return [...used, ...seen]
}

/**
 * P1 and P3 of keys that were acknowledged. What stands on one HSM alone, since the check was waived, goes with its
 * storage; and a storage that is lost may hold one of the two tombstones that keep a deleted key from being used.
 */
export const checkKeys = (
  plan: Plan,
  journal: Journal,
  holdings: ReadonlyArray<Holdings>,
): ReadonlyArray<Violation> => {
  const { waived } = plan
  const isStorageLost = losesStorage(plan)
  const counts = ({ step }: Readonly<{ step: WorkStep }>): boolean => !waived || step.program !== 'app-2'
  const checked = { ...journal, records: journal.records.filter(counts), uses: journal.uses.filter(counts) }
  return [...journal.keys].flatMap(([step, key]) => {
    const kept = waived && isStorageLost ? [] : checkKept(step, key, fateOf(journal.records, step), holdings)
    const { deletedAt } = fateOf(checked.records, step)
    return deletedAt === undefined || isStorageLost ? kept : [...kept, ...checkUnused(step, key, deletedAt, checked)]
  })
}

/** Two keys never get the same handle. */
export const checkHandles = ({ keys }: Journal): ReadonlyArray<Violation> => {
  const makers = new Map<number, number>()
  const violations: Violation[] = []
  for (const [step, { views }] of keys) {
    for (const { handle } of views) {
      const other = makers.get(handle)
      if (other !== undefined) {
        violations.push({ promise: 'P3', what: `steps ${other} and ${step} both made key ${name(handle)}` })
      }
      makers.set(handle, step)
    }
  }
  return violations
}
