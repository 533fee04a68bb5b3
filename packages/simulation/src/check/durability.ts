import type { HsmEvent, HsmFact, HsmId } from '@hsmlab/domain'
import type { Journal, WorkRecord } from '../history/record.ts'
import { losesStorage, type Plan } from '../history/steps.ts'
import type { Violation } from './violation.ts'

/** The log of one HSM. */
export type HsmLogFacts = Readonly<{ hsmId: HsmId; facts: ReadonlyArray<HsmFact> }>

const NEEDED = 2
const NEEDED_WAIVED = 1

const makes = (event: HsmEvent, handle: number): boolean => {
  switch (event.type) {
    case 'KeyGenerated':
    case 'KeyInserted':
      return event.record.handle === handle
    case 'KeyPairGenerated':
      return event.publicRecord.handle === handle || event.privateRecord.handle === handle
    default:
      return false
  }
}

const deletes = (event: HsmEvent, handle: number): boolean =>
  event.type === 'KeyDeleted' && event.tombstone.handle === handle

/** Which handles an acknowledged step made or deleted, and by what events that is seen. */
const changeOf = ({ step: { id, operation } }: WorkRecord, { keys }: Journal) => {
  const isDeletion = operation.type === 'delete'
  const views = keys.get(isDeletion ? operation.key : id)?.views ?? []
  return { handles: views.map(({ handle }) => handle), isSeenIn: isDeletion ? deletes : makes }
}

/**
 * P1 and P2 at the moment of the acknowledgement: a change was on the disks of as many HSMs as the availability check
 * asks for. Nothing is known of an HSM whose storage was lost later.
 */
export const checkDurability = (
  plan: Plan,
  journal: Journal,
  logs: ReadonlyArray<HsmLogFacts>,
): ReadonlyArray<Violation> => {
  if (losesStorage(plan)) return []
  return journal.records.flatMap((record): ReadonlyArray<Violation> => {
    const { step, outcome, durableHeads } = record
    if (outcome._tag !== 'ok' || durableHeads === undefined) return []
    const needed = plan.waived && step.program === 'app-2' ? NEEDED_WAIVED : NEEDED
    const { handles, isSeenIn } = changeOf(record, journal)
    return handles.flatMap((handle): ReadonlyArray<Violation> => {
      const holders = logs.filter(({ hsmId, facts }) => {
        const position = facts.findIndex(({ event }) => isSeenIn(event, handle))
        return position >= 0 && position < (durableHeads.get(hsmId) ?? Infinity)
      })
      if (holders.length >= needed) return []
      const what =
        `step ${step.id} (key 0x${handle.toString(16)}) was acknowledged when it was on the disks of ` +
        `${holders.length} HSMs; ${needed} are needed`
      return [{ promise: 'P1', what }]
    })
  })
}
