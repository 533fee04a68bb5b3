import * as E from 'fp-ts/lib/Either.js'
import type { ChainedAuditRecord, HsmId } from '@hsmlab/domain'
import type { ControlClient } from '../control.ts'
import type { Problem } from '../outcome.ts'

/** Which records: of one HSM or of all, from a sequence number on. */
export type AuditSelection = Readonly<{ hsmId?: HsmId; from?: number }>

/** The records that there are now, each HSM's in the order in which they are kept. */
export const collectAudit = async (
  control: ControlClient,
  selection: AuditSelection,
): Promise<E.Either<Problem, ReadonlyArray<ChainedAuditRecord>>> => {
  const records: ChainedAuditRecord[] = []
  const answer = await control.call('audit', { ...selection, follow: false }, (event) => records.push(...event.records))
  return E.isLeft(answer) ? answer : E.right(records)
}

/** In the order in which it happened; what one HSM did stays in its own order. */
export const byTime = (records: ReadonlyArray<ChainedAuditRecord>): ReadonlyArray<ChainedAuditRecord> =>
  [...records].sort(({ record: a }, { record: b }) =>
    a.hsmId === b.hsmId ? a.sequence - b.sequence : a.timeMicros - b.timeMicros,
  )
