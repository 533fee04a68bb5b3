import * as E from 'fp-ts/lib/Either.js'
import type { AuditSink } from '@hsmlab/application'
import {
  type AuditCursor,
  auditOf,
  type AuditRecord,
  type ChainedAuditRecord,
  describeAuditFinding,
  firstAuditCursor,
  verifyAuditChain,
} from '@hsmlab/domain'
import { canonicalJson } from '@hsmlab/event-sourcing'
import type { HsmLogFacts } from './durability.ts'
import type { Violation } from './violation.ts'

const broken = (what: string): Violation => ({ promise: 'P6', what })

/** What the audit log of an HSM has to hold, by its own log. */
const expectedRecords = ({ facts }: HsmLogFacts): ReadonlyArray<AuditRecord> => {
  const records: AuditRecord[] = []
  let cursor: AuditCursor = firstAuditCursor
  for (const fact of facts) {
    const audited = auditOf(cursor, fact)
    cursor = audited.cursor
    records.push(...audited.records)
  }
  return records
}

/**
 * P6: the audit log holds every audited fact of every HSM whose log survives, in order, and its chain is sound.
 * `audited`: so many records of each HSM's log are on the sink's disk; what it took in later may be on its way.
 */
export const checkAudit = async (
  sink: AuditSink,
  logs: ReadonlyArray<HsmLogFacts>,
  audited: ReadonlyMap<string, number>,
): Promise<ReadonlyArray<Violation>> => {
  const violations: Violation[] = []
  for (const log of logs) {
    const { hsmId } = log
    const kept: ChainedAuditRecord[] = []
    const read = await sink.read(hsmId, 0, (records) => void kept.push(...records))
    if (E.isLeft(read)) {
      violations.push(broken(`the audit log cannot be read: ${read.left._tag}`))
      continue
    }
    const findings = verifyAuditChain(hsmId, kept, [])
    violations.push(...findings.map((finding) => broken(`${hsmId}: ${describeAuditFinding(finding)}`)))
    const expected = expectedRecords({ ...log, facts: log.facts.slice(0, audited.get(hsmId) ?? 0) })
    const differs = expected.findIndex((record, i) => canonicalJson(record) !== canonicalJson(kept[i]?.record ?? null))
    if (differs >= 0) {
      const what = `${hsmId}: of ${expected.length} audited facts ${kept.length} are kept; number ${differs} is the first`
      violations.push(broken(`${what} that is missing or another one`))
    }
    const forkedAt = sink.state.logs.get(hsmId)?.forkedAt
    if (forkedAt !== undefined) violations.push(broken(`${hsmId} is said to have another history from ${forkedAt} on`))
  }
  return violations
}
