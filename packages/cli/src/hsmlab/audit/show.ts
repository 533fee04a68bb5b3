import * as E from 'fp-ts/lib/Either.js'
import type { ChainedAuditRecord, HsmId } from '@hsmlab/domain'
import { LOCAL_ERROR } from '@hsmlab/protocol/local'
import { type ControlClient, withControl } from '../control.ts'
import { EXIT, type ExitCode, type Problem } from '../outcome.ts'
import { type AuditSelection, byTime, collectAudit, isSelected, keptAudit } from './collect.ts'
import { auditPrinter } from './print.ts'

export type AuditOutput = Readonly<{ print: (text: string) => void; json: boolean }>

type Ended = Promise<E.Either<Problem, ExitCode>>

/** Prints the records that there are, whether the product runs or not. */
export const auditShow = async (
  dataDirectory: string,
  selection: AuditSelection,
  { print, json }: AuditOutput,
): Ended => {
  const kept = await keptAudit(dataDirectory)
  if (E.isLeft(kept)) return kept
  const selected = kept.right.records.filter((chained) => isSelected(selection, chained))
  byTime(selected).forEach(auditPrinter(print, json, selection.hsmId !== undefined))
  return E.right(EXIT.done)
}

/** The highest sequence number of each HSM. */
const highest = (records: ReadonlyArray<ChainedAuditRecord>): Map<HsmId, number> => {
  const seen = new Map<HsmId, number>()
  for (const { record } of records) seen.set(record.hsmId, Math.max(record.sequence, seen.get(record.hsmId) ?? -1))
  return seen
}

const followFrom = async (
  control: ControlClient,
  selection: AuditSelection,
  seen: Map<HsmId, number>,
  show: (chained: ChainedAuditRecord) => void,
): Ended => {
  const answer = await control.call('audit', { ...selection, follow: true }, ({ records }) => {
    for (const chained of records) {
      const { hsmId, sequence } = chained.record
      if (sequence <= (seen.get(hsmId) ?? -1)) continue
      seen.set(hsmId, sequence)
      show(chained)
    }
  })
  // The product has ended, or Ctrl-C closed the connection: that is how following ends.
  if (E.isLeft(answer) && answer.left.code !== LOCAL_ERROR.connectionClosed) return answer
  return E.right(EXIT.done)
}

/** Prints the newest `count` records, then those to come, until Ctrl-C or until the product ends. */
export const auditTail = (
  dataDirectory: string,
  selection: AuditSelection,
  count: number,
  { print, json }: AuditOutput,
  onInterrupt: (run: () => void) => void,
): Ended =>
  withControl(dataDirectory, async (control) => {
    const records = await collectAudit(control, selection)
    if (E.isLeft(records)) return records
    const show = auditPrinter(print, json, selection.hsmId !== undefined)
    if (count > 0) byTime(records.right).slice(-count).forEach(show)
    onInterrupt(control.close)
    return followFrom(control, selection, highest(records.right), show)
  })
