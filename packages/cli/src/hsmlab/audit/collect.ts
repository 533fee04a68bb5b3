import * as E from 'fp-ts/lib/Either.js'
import type { ChainedAuditRecord, HsmId } from '@hsmlab/domain'
import { NOT_RUNNING } from '../../shared/connect.ts'
import { connectControl, type ControlClient } from '../control.ts'
import type { Problem } from '../outcome.ts'
import { type KeptAudit, storedAudit } from './stored-audit.ts'

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

const runningAudit = async (control: ControlClient): Promise<E.Either<Problem, KeptAudit>> => {
  const records = await collectAudit(control, {})
  if (E.isLeft(records)) return records
  const heads = await control.call('auditHeads', {})
  return E.isLeft(heads) ? heads : E.right({ records: records.right, heads: heads.right.heads })
}

/** All that is kept of the audit: told by the product when it runs, else read from the disk. */
export const keptAudit = async (dataDirectory: string): Promise<E.Either<Problem, KeptAudit>> => {
  const control = await connectControl(dataDirectory)
  if (E.isLeft(control)) return control.left.code === NOT_RUNNING ? storedAudit(dataDirectory) : control
  try {
    return await runningAudit(control.right)
  } finally {
    control.right.close()
  }
}

export const isSelected = ({ hsmId, from = 0 }: AuditSelection, { record }: ChainedAuditRecord): boolean =>
  (hsmId === undefined || record.hsmId === hsmId) && record.sequence >= from

/** In the order of the HSMs' clocks; what one HSM did stays in its own order, even when its clock went back. */
export const byTime = (records: ReadonlyArray<ChainedAuditRecord>): ReadonlyArray<ChainedAuditRecord> => {
  const streams = new Map<HsmId, ChainedAuditRecord[]>()
  for (const chained of records) {
    const stream = streams.get(chained.record.hsmId) ?? []
    streams.set(chained.record.hsmId, stream)
    stream.push(chained)
  }
  const waiting = [...streams.values()].map((stream) => ({ stream, next: 0 }))
  return records.flatMap(() => {
    let first: (typeof waiting)[number] | undefined
    for (const each of waiting) {
      const time = each.stream[each.next]?.record.timeMicros
      const least = first?.stream[first.next]?.record.timeMicros ?? Infinity
      if (time !== undefined && time < least) first = each
    }
    return first?.stream[first.next++] ?? []
  })
}
