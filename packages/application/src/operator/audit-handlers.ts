import * as E from 'fp-ts/lib/Either.js'
import type { ChainedAuditRecord } from '@hsmlab/domain'
import type { AuditMethods, LocalHandlers } from '@hsmlab/protocol/local'
import type { AuditHandle } from './parts.ts'

/** Audit records in one event: a line of a door holds more. */
const EVENT_RECORDS_MAX = 500

/** A door to the audit log. */
export const auditHandlers = (audit: AuditHandle): LocalHandlers<AuditMethods> => ({
  audit: async ({ follow, hsmId, from = 0 }, { emit, onGone }) => {
    const emitAll = async (records: ReadonlyArray<ChainedAuditRecord>): Promise<boolean> => {
      for (let at = 0; at < records.length; at += EVENT_RECORDS_MAX) {
        if (!(await emit({ records: records.slice(at, at + EVENT_RECORDS_MAX) }))) return false
      }
      return true
    }
    const isWanted = ({ record }: ChainedAuditRecord): boolean =>
      (hsmId === undefined || record.hsmId === hsmId) && record.sequence >= from
    // Listens before it reads, so that nothing falls between; what was read already is not told twice.
    const told = new Map<string, number>()
    const tell = async (records: ReadonlyArray<ChainedAuditRecord>): Promise<boolean> => {
      const news = records.filter(({ record }) => record.sequence > (told.get(record.hsmId) ?? -1))
      for (const { record } of news) told.set(record.hsmId, record.sequence)
      return emitAll(news)
    }
    const gone = new Promise<void>((resolve) => onGone(resolve))
    let busy: Promise<unknown> = Promise.resolve()
    const end = audit.onRecords((records) => {
      const wanted = records.filter(isWanted)
      if (follow && wanted.length > 0) busy = busy.then(() => tell(wanted))
    })
    const read = audit.read(hsmId, from, tell)
    busy = read
    const answer = await read
    if (E.isRight(answer) && follow) await gone
    end()
    await busy
    return E.isLeft(answer) ? answer : E.right({})
  },
  auditHeads: async () => E.right({ heads: await audit.signedHeads() }),
})
