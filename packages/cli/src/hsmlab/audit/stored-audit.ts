import { existsSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { instancePaths, readServiceKeys } from '@hsmlab/adapter-node/local'
import { decodeAuditSinkEvent, describeOpenFailure, inspectLog, payloadOf } from '@hsmlab/application'
import type { ChainedAuditRecord } from '@hsmlab/domain'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { AuditSinkKeys, type SignedAuditHead } from '@hsmlab/protocol/local'
import { HASHES } from '../hashes.ts'
import type { Problem } from '../outcome.ts'

/** The audit records of all HSMs as they were taken in, and every head that was signed over them. */
export type KeptAudit = Readonly<{
  records: ReadonlyArray<ChainedAuditRecord>
  heads: ReadonlyArray<SignedAuditHead>
}>

const AUDIT_LOG_IDENTITY = 'audit-sink'

const problem = (code: string, message: string): E.Either<Problem, never> => E.left({ code, message })

/** The audit log of an instance that does not run, as it lies on the disk. Nothing is changed by reading it. */
export const storedAudit = async (dataDirectory: string): Promise<E.Either<Problem, KeptAudit>> => {
  const paths = instancePaths(dataDirectory)
  if (!existsSync(paths.audit)) {
    return problem('NoHistory', `There is no history in ${dataDirectory}. Begin one with: npx hsmlab up`)
  }
  const keys = await readServiceKeys(paths.auditSinkKeys, AuditSinkKeys)
  if (E.isLeft(keys)) return problem('MacKeyMissing', 'The key under which the audit log is checked cannot be read.')
  const records: ChainedAuditRecord[] = []
  const heads: SignedAuditHead[] = []
  let unreadable: number | undefined
  const inspected = await inspectLog(
    { disk: levelDisk(paths.audit), ...HASHES },
    {
      macKey: fromBase64(keys.right.logMacKey),
      identity: AUDIT_LOG_IDENTITY,
      replay: {
        fromSnapshot: () => false,
        record: (position, record) => {
          const event = decodeAuditSinkEvent(payloadOf(record))
          if (E.isLeft(event)) unreadable ??= position
          else if (event.right.type === 'LogTaken') records.push(...event.right.audit)
          else if (event.right.type === 'AuditHeadSigned') heads.push(event.right)
        },
      },
    },
  )()
  if (E.isLeft(inspected)) return problem(inspected.left._tag, describeOpenFailure(inspected.left, AUDIT_LOG_IDENTITY))
  if (unreadable === undefined) return E.right({ records, heads })
  return problem(
    'FactUnreadable',
    `Record ${unreadable} of the audit log cannot be read: it may be of a newer version.`,
  )
}
