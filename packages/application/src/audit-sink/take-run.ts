import * as E from 'fp-ts/lib/Either.js'
import type { CryptoEngine } from '@hsmlab/crypto'
import {
  type AuditCursor,
  type AuditHead,
  auditOf,
  type ChainedAuditRecord,
  chainAuditRecord,
  type ClusterId,
  decodeHsmFact,
  type HsmId,
} from '@hsmlab/domain'
import { fromBase64, type Tagged, toBase64 } from '@hsmlab/event-sourcing'
import { logAnswerStatement, logHeadStatement, type LogRun } from '@hsmlab/protocol'
import { emptyLog, hashRecord, type LogRecord, payloadOf, previousHashOf } from '../event-store/record.ts'
import { type HasSha256, sameBytes } from '../event-store/seal.ts'
import { verifyRecords } from '../event-store/verify.ts'
import type { AuditSinkEvent } from './codec.ts'
import type { FollowedLog } from './state.ts'

/** Audit records in one event of the sink: it stays below the largest record of a log. */
const AUDIT_RECORDS_MAX = 400

export type RunRefusal =
  /** Not signed by that HSM, or its records are no chain: dropped. */
  | Tagged<'RunForged'>
  /** It begins behind the sink's end: what lies between is asked for. */
  | Tagged<'RunAhead'>
  /** Signed, and yet not the history that was signed before. */
  | Tagged<'RunForked', { from: number; length: number }>

type Source = Readonly<{ clusterId: ClusterId; identityKey: Uint8Array }>

/** As published, or as answered to the question that bore `nonce`. */
const isSigned = (
  engine: CryptoEngine,
  { head }: LogRun,
  hsmId: HsmId,
  key: Uint8Array,
  nonce?: Uint8Array,
): boolean => {
  const { length, hash, signature } = head
  const statement =
    nonce === undefined ? logHeadStatement(hsmId, length, hash) : logAnswerStatement(hsmId, nonce, length, hash)
  return engine.ed25519.verify(key, statement, signature)
}

/**
 * The events by which a run that follows the sink's end is taken in; empty when it brings nothing new. `nonce`: it
 * answers the question that bore it, so a log that is shorter than before went back; a published run may simply be late,
 * or be said again by somebody else.
 */
export const takeRun = (
  engine: CryptoEngine,
  log: FollowedLog,
  source: Source,
  run: LogRun,
  nonce?: Uint8Array,
): E.Either<RunRefusal, ReadonlyArray<AuditSinkEvent>> => {
  if (!isSigned(engine, run, log.hsmId, source.identityKey, nonce)) return E.left({ _tag: 'RunForged' })
  if (!leadsToHead({ primitives: engine }, run)) return E.left({ _tag: 'RunForged' })
  const { length } = run.head
  if (length < log.length)
    return nonce !== undefined ? E.left({ _tag: 'RunForked', from: length, length }) : E.right([])
  if (run.from > log.length) return E.left({ _tag: 'RunAhead' })
  const end = log.hash === undefined ? emptyLog({ primitives: engine }, log.hsmId).hash : fromBase64(log.hash)
  const records = run.records.slice(log.length - run.from)
  const [next] = records
  if (next === undefined) {
    return sameBytes(run.head.hash, end)
      ? E.right([])
      : E.left({ _tag: 'RunForked', from: Math.max(length - 1, 0), length })
  }
  return sameBytes(previousHashOf(next), end)
    ? auditEvents(engine, log, source, records)
    : E.left({ _tag: 'RunForked', from: log.length, length })
}

/** The head is signed: records that do not lead to it, every one of them, are a stranger's. */
const leadsToHead = (env: HasSha256, { from, records, head }: LogRun): boolean => {
  if (from + records.length !== head.length) return false
  const [first] = records
  if (first === undefined) return true
  const led = verifyRecords(env, { revision: from, hash: previousHashOf(first) }, records)
  return E.isRight(led) && sameBytes(led.right.hash, head.hash)
}

type Taking = { from: number; to: number; cursor: AuditCursor; head: AuditHead; audit: ChainedAuditRecord[] }

const auditEvents = (
  engine: CryptoEngine,
  log: FollowedLog,
  { clusterId }: Source,
  records: ReadonlyArray<LogRecord>,
): E.Either<RunRefusal, ReadonlyArray<AuditSinkEvent>> => {
  const { hsmId } = log
  const events: AuditSinkEvent[] = []
  let taking: Taking = { from: log.length, to: log.length, cursor: log.cursor, head: log.head, audit: [] }
  const close = (last: LogRecord): void => {
    const { from, to, cursor, audit } = taking
    const hash = toBase64(hashRecord({ primitives: engine }, last))
    events.push({
      type: 'LogTaken',
      clusterId,
      hsmId,
      from,
      to,
      hash,
      rebootCounter: cursor.rebootCounter,
      audit,
    })
    taking = { ...taking, from: to, audit: [] }
  }
  for (const [i, record] of records.entries()) {
    const fact = decodeHsmFact(payloadOf(record))
    if (E.isLeft(fact)) return E.left({ _tag: 'RunForged' })
    const audited = auditOf(taking.cursor, fact.right)
    taking.cursor = audited.cursor
    for (const each of audited.records) {
      const { chained, head } = chainAuditRecord(taking.head, each)
      taking.audit.push(chained)
      taking.head = head
    }
    taking.to += 1
    if (taking.audit.length >= AUDIT_RECORDS_MAX || i === records.length - 1) close(record)
  }
  return E.right(events)
}
