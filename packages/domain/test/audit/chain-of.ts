import {
  type AuditHead,
  type AuditRecord,
  chainAuditRecord,
  type ChainedAuditRecord,
  emptyAuditHead,
  type HsmId,
} from '../../src/index.ts'

export const hsmId = 'hsm-aaaaaaaaaaa' as HsmId

const user = { logType: 'MGMT_USER_DETAILS_LOG', userName: 'alice', userType: 'CN_CRYPTO_USER' } as const
const kinds = [
  { opcode: 'CN_LOGIN', ...user },
  { opcode: 'CN_ENCRYPT_SESSION_V2', logType: 'MINIMAL_LOG_ENTRY' },
  { opcode: 'CN_GENERATE_KEY_PAIR', logType: 'MGMT_KEY_DETAILS_LOG', keyHandle: 131079, publicKeyHandle: 131078 },
  { opcode: 'CN_LOGOUT', ...user },
] as const

const record = (sequence: number): AuditRecord => ({
  version: 1,
  hsmId,
  sequence,
  rebootCounter: 1,
  timeMicros: 1779008400000000 + sequence,
  session: 0x1004001,
  responseCode: 0,
  responseText: 'SUCCESS',
  ...(kinds[sequence % kinds.length] ?? kinds[0]),
})

/** A sound log of `length` records, and the head after each of them. */
export const chainOf = (
  length: number,
  change: (record: AuditRecord) => AuditRecord = (unchanged) => unchanged,
): Readonly<{ log: ReadonlyArray<ChainedAuditRecord>; heads: ReadonlyArray<AuditHead> }> => {
  const log: ChainedAuditRecord[] = []
  const heads: AuditHead[] = []
  let head = emptyAuditHead(hsmId)
  for (let sequence = 0; sequence < length; sequence += 1) {
    const next = chainAuditRecord(head, change(record(sequence)))
    log.push(next.chained)
    heads.push(next.head)
    head = next.head
  }
  return { log, heads }
}
