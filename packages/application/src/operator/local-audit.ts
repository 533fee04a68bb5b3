import * as E from 'fp-ts/lib/Either.js'
import type { ChainedAuditRecord } from '@hsmlab/domain'
import type { AuditSink } from '../audit-sink/audit-sink.ts'
import type { AuditHandle } from './parts.ts'

/** The audit sink of this process. */
export const localAudit = (sink: AuditSink): AuditHandle => ({
  read: async (hsmId, from, visit) => {
    const runs: Array<ReadonlyArray<ChainedAuditRecord>> = []
    const read = await sink.read(hsmId, from, (records) => void runs.push(records))
    if (E.isLeft(read)) return E.left({ code: read.left._tag, message: 'The audit log could not be read.' })
    for (const records of runs) if (!(await visit(records))) break
    return E.right(undefined)
  },
  onRecords: sink.onRecords,
  signedHeads: async () => sink.signedHeads(),
})
