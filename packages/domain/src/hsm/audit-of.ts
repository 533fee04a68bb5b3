import type { AuditRecord } from '../audit/audit-record.ts'
import { AUDIT_OPCODE, type AuditOpcode, type UserType } from '../audit/opcodes.ts'
import type { HsmId } from '../identifiers.ts'
import type { HsmFact, HsmRole } from './messages.ts'

/** Where an HSM's audit log stands: what the next record needs to know of those before it. */
export type AuditCursor = Readonly<{ hsmId: HsmId | undefined; sequence: number; rebootCounter: number }>

export const firstAuditCursor: AuditCursor = { hsmId: undefined, sequence: 0, rebootCounter: 0 }

const USER_TYPES: Readonly<Record<HsmRole, UserType>> = {
  PRECO: 'CN_CRYPTO_PRE_OFFICER',
  admin: 'CN_CRYPTO_OFFICER',
  'crypto-user': 'CN_CRYPTO_USER',
  'appliance-user': 'CN_APPLIANCE_USER',
}

/** "Interpreting AWS CloudHSM audit logs". */
const RESPONSE_TEXTS: Readonly<Record<number, string>> = {
  0: 'SUCCESS',
  157: "user isn't initialized or user with this name doesn't exist",
  163: 'RET_USER_LOGIN_FAILURE',
}

type Entry = Readonly<{
  opcode: AuditOpcode
  session?: number
  hsmReturn?: number
  user?: Readonly<{ username: string; role: HsmRole }>
  keyHandle?: number
  publicKeyHandle?: number
}>

/** The audited commands behind one fact: none for what the service does by itself, several for an initialisation. */
const entriesOf = ({ event }: HsmFact): ReadonlyArray<Entry> => {
  switch (event.type) {
    case 'HsmInitialized':
      return [
        { opcode: 'CN_INIT_TOKEN' },
        { opcode: 'CN_GEN_PSWD_ENC_KEY' },
        { opcode: 'CN_CREATE_APPLIANCE_USER', user: { username: 'app_user', role: 'appliance-user' } },
        { opcode: 'CN_INIT_DONE' },
        { opcode: 'CN_GEN_KEY_ENC_KEY' },
      ]
    case 'ClusterCertificateStored':
      return [{ opcode: 'CN_CERT_AUTH_STORE_CERT' }]
    case 'BackupTaken':
      return [{ opcode: 'CN_BACKUP_BEGIN' }, { opcode: 'CN_BACKUP_END' }]
    case 'BackupRestoreStarted':
      return [{ opcode: 'CN_RESTORE_BEGIN' }]
    case 'BackupRestoreFinished':
      return [{ opcode: 'CN_RESTORE_END' }]
    case 'HsmZeroized':
      return [{ opcode: 'CN_ZEROIZE' }]
    case 'ChannelOpened':
      return [{ opcode: 'CN_ENCRYPT_SESSION_V2', session: event.session }]
    case 'LoginSucceeded':
      return [{ opcode: 'CN_LOGIN', session: event.session, user: event }]
    case 'LoginRefused':
      return [{ opcode: 'CN_LOGIN', session: event.session, user: event, hsmReturn: event.hsmReturn }]
    case 'LoggedOut':
      return [{ opcode: 'CN_LOGOUT', session: event.session, user: event }]
    case 'ApplicationFinalized':
      return [{ opcode: 'CN_APP_FINALIZE', session: event.session, user: event }]
    case 'UserCreated': {
      const opcode = event.role === 'admin' ? 'CN_CREATE_CO' : 'CN_CREATE_USER'
      return [{ opcode, session: event.session, user: event }]
    }
    case 'UserDeleted':
      return [{ opcode: 'CN_DELETE_USER', session: event.session, user: event }]
    case 'PasswordChanged':
      return [{ opcode: 'CN_CHANGE_PSWD', session: event.session, user: event }]
    case 'KeyGenerated':
      return [{ opcode: 'CN_GENERATE_KEY', session: event.session, keyHandle: event.record.handle, publicKeyHandle: 0 }]
    case 'SessionKeyGenerated':
      return [{ opcode: 'CN_GENERATE_KEY', session: event.session, keyHandle: event.handle, publicKeyHandle: 0 }]
    case 'KeyPairGenerated':
      return [
        {
          opcode: 'CN_GENERATE_KEY_PAIR',
          session: event.session,
          keyHandle: event.privateRecord.handle,
          publicKeyHandle: event.publicRecord.handle,
        },
      ]
    case 'SessionKeyPairGenerated':
      return [
        {
          opcode: 'CN_GENERATE_KEY_PAIR',
          session: event.session,
          keyHandle: event.privateHandle,
          publicKeyHandle: event.publicHandle,
        },
      ]
    case 'SessionKeyDestroyed':
      return [{ opcode: 'CN_DESTROY_OBJECT', session: event.session, keyHandle: event.handle, publicKeyHandle: 0 }]
    case 'KeyExtracted':
      return [
        {
          opcode: 'CN_EXTRACT_MASKED_OBJECT_USER',
          session: event.session,
          keyHandle: event.handle,
          publicKeyHandle: 0,
        },
      ]
    case 'KeyInserted':
      // What the service repairs by itself never stands in the audit log.
      if (event.source !== 'client') return []
      return [
        {
          opcode: 'CN_INSERT_MASKED_OBJECT_USER',
          session: event.session,
          keyHandle: event.record.handle,
          publicKeyHandle: 0,
        },
      ]
    case 'KeyDeleted':
      if (event.source !== 'client') return []
      return [
        {
          opcode: 'CN_TOMBSTONE_OBJECT',
          session: event.session,
          keyHandle: event.tombstone.handle,
          publicKeyHandle: 0,
        },
      ]
    case 'HsmProvisioned':
    case 'HsmBooted':
    case 'MembershipInstalled':
    case 'UserRestored':
    case 'HandlesReserved':
      return []
  }
}

const recordOf = (cursor: AuditCursor, hsmId: HsmId, timeMicros: number, entry: Entry): AuditRecord => ({
  version: 1,
  hsmId,
  sequence: cursor.sequence,
  rebootCounter: cursor.rebootCounter,
  timeMicros,
  opcode: entry.opcode,
  session: entry.session ?? 0,
  responseCode: entry.hsmReturn ?? 0,
  responseText: RESPONSE_TEXTS[entry.hsmReturn ?? 0] ?? 'UNKNOWN',
  logType: AUDIT_OPCODE[entry.opcode].logType,
  ...(entry.user === undefined ? {} : { userName: entry.user.username, userType: USER_TYPES[entry.user.role] }),
  ...(entry.keyHandle === undefined ? {} : { keyHandle: entry.keyHandle, publicKeyHandle: entry.publicKeyHandle ?? 0 }),
})

/** The audit records that `fact` adds to its HSM's audit log, and where the log stands after it. */
export const auditOf = (
  cursor: AuditCursor,
  fact: HsmFact,
): Readonly<{ records: ReadonlyArray<AuditRecord>; cursor: AuditCursor }> => {
  const { event } = fact
  const hsmId = event.type === 'HsmProvisioned' ? event.hsmId : cursor.hsmId
  let next: AuditCursor = {
    ...cursor,
    hsmId,
    rebootCounter: event.type === 'HsmBooted' ? event.bootCounter : cursor.rebootCounter,
  }
  if (hsmId === undefined) return { records: [], cursor: next }
  const records: AuditRecord[] = []
  for (const entry of entriesOf(fact)) {
    records.push(recordOf(next, hsmId, fact.at, entry))
    next = { ...next, sequence: next.sequence + 1 }
  }
  return { records, cursor: next }
}
