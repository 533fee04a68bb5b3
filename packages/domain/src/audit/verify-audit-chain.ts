import type { Tagged } from '@hsmlab/event-sourcing'
import type { HsmId } from '../identifiers.ts'
import { longestIncreasing } from './longest-increasing.ts'
import { auditHash, type AuditHead, type ChainedAuditRecord, emptyAuditHead } from './audit-chain.ts'

/** What is wrong with an audit log. Sequence numbers are those of CloudHSM's `Sequence No`; ranges are inclusive. */
export type AuditFinding =
  /** The record is not the one that was chained. */
  | Tagged<'RecordChanged', { sequence: number }>
  | Tagged<'RecordsRemoved', { from: number; to: number }>
  /** Records that a head vouches for are missing at the end. */
  | Tagged<'LogCut', { from: number; to: number }>
  /** The record stands in another place than its number says. */
  | Tagged<'RecordMoved', { sequence: number }>
  | Tagged<'RecordRepeated', { sequence: number }>
  /** Each record is sound, yet it does not follow its predecessor: one of the two was exchanged. */
  | Tagged<'LinkBroken', { sequence: number }>
  /** The record is another HSM's. */
  | Tagged<'RecordForeign', { sequence: number; hsmId: HsmId }>
  /** The chain is whole, but it is not the one that the HSM vouched for: records of this range were written anew. */
  | Tagged<'LogRewritten', { from: number; to: number }>

const orderFindings = (log: ReadonlyArray<ChainedAuditRecord>): ReadonlyArray<AuditFinding> => {
  const inOrder = new Set(longestIncreasing(log.map(({ record }) => record.sequence)))
  const seen = new Set<number>()
  return log.flatMap(({ record: { sequence } }, place): ReadonlyArray<AuditFinding> => {
    const repeated = seen.has(sequence)
    seen.add(sequence)
    if (repeated) return [{ _tag: 'RecordRepeated', sequence }]
    return inOrder.has(place) ? [] : [{ _tag: 'RecordMoved', sequence }]
  })
}

const recordFinding = (hsmId: HsmId, { record, previousHash, hash }: ChainedAuditRecord): AuditFinding | undefined => {
  const { sequence } = record
  if (record.hsmId !== hsmId) return { _tag: 'RecordForeign', sequence, hsmId: record.hsmId }
  return auditHash(previousHash, record) === hash ? undefined : { _tag: 'RecordChanged', sequence }
}

/** What holds between a record and the one before it in the order of their numbers. */
const linkFinding = (
  before: ChainedAuditRecord | undefined,
  genesis: AuditHead,
  { record: { sequence }, previousHash }: ChainedAuditRecord,
): AuditFinding | undefined => {
  const expected = before === undefined ? 0 : before.record.sequence + 1
  if (sequence > expected) return { _tag: 'RecordsRemoved', from: expected, to: sequence - 1 }
  const hashBefore = before === undefined ? genesis.hash : before.hash
  return sequence < expected || previousHash === hashBefore ? undefined : { _tag: 'LinkBroken', sequence }
}

/** Each head against the record it vouches for. */
const headFindings = (
  bySequence: ReadonlyMap<number, ChainedAuditRecord>,
  highest: number,
  heads: ReadonlyArray<AuditHead>,
): ReadonlyArray<AuditFinding> => {
  const findings: AuditFinding[] = []
  const longest = heads.reduce((length, head) => Math.max(length, head.length), 0)
  let sound = 0
  for (const { length, hash } of [...heads].sort((a, b) => a.length - b.length)) {
    const last = bySequence.get(length - 1)
    if (last !== undefined && last.hash !== hash) {
      findings.push({ _tag: 'LogRewritten', from: sound, to: length - 1 })
    }
    sound = Math.max(sound, length)
  }
  if (longest > highest + 1) findings.push({ _tag: 'LogCut', from: highest + 1, to: longest - 1 })
  return findings
}

/**
 * Checks one HSM's audit log as it was found. `heads` are those the HSM signed, their signatures already verified: they
 * alone show that a log was cut at its end, or chained anew. No findings: complete and unaltered as far as they reach.
 */
export const verifyAuditChain = (
  hsmId: HsmId,
  log: ReadonlyArray<ChainedAuditRecord>,
  heads: ReadonlyArray<AuditHead> = [],
): ReadonlyArray<AuditFinding> => {
  const genesis = emptyAuditHead(hsmId)
  const findings = [...orderFindings(log)]
  const ordered = [...log].sort((a, b) => a.record.sequence - b.record.sequence)
  const bySequence = new Map<number, ChainedAuditRecord>()
  let before: ChainedAuditRecord | undefined
  for (const chained of ordered) {
    const changed = recordFinding(hsmId, chained)
    const unlinked = linkFinding(before, genesis, chained)
    if (changed !== undefined) findings.push(changed)
    if (changed !== undefined && unlinked?._tag === 'RecordsRemoved') continue // Its number proves nothing.
    if (unlinked !== undefined) findings.push(unlinked)
    if (!bySequence.has(chained.record.sequence)) bySequence.set(chained.record.sequence, chained)
    before = chained
  }
  const ours = heads.filter((head) => head.hsmId === hsmId)
  return [...findings, ...headFindings(bySequence, before?.record.sequence ?? -1, ours)]
}

const range = (from: number, to: number): string =>
  from === to ? `record 0x${from.toString(16)}` : `records 0x${from.toString(16)} to 0x${to.toString(16)}`

/** The finding in words. */
export const describeAuditFinding = (finding: AuditFinding): string => {
  switch (finding._tag) {
    case 'RecordChanged':
      return `${range(finding.sequence, finding.sequence)} was changed`
    case 'RecordsRemoved':
      return `${range(finding.from, finding.to)} removed`
    case 'LogCut':
      return `the log was cut: ${range(finding.from, finding.to)} missing at its end`
    case 'RecordMoved':
      return `${range(finding.sequence, finding.sequence)} stands in another place than its number says`
    case 'RecordRepeated':
      return `${range(finding.sequence, finding.sequence)} stands in the log more than once`
    case 'LinkBroken':
      return `${range(finding.sequence, finding.sequence)} does not follow the record before it: one of them was exchanged`
    case 'RecordForeign':
      return `${range(finding.sequence, finding.sequence)} belongs to ${finding.hsmId}`
    case 'LogRewritten':
      return `${range(finding.from, finding.to)} written anew: not the log that the HSM signed`
  }
}
