import test from 'ava'
import { type AuditRecord, auditText, type HsmId } from '../../src/index.ts'

const common = { version: 1, hsmId: 'hsm-aaaaaaaaaaa' as HsmId, rebootCounter: 0x107 } as const
const success = { responseCode: 0, responseText: 'SUCCESS' } as const

const createUser: AuditRecord = {
  ...common,
  ...success,
  sequence: 1,
  timeMicros: 1779008401250000,
  opcode: 'CN_CREATE_USER',
  session: 0x7014006,
  logType: 'MGMT_USER_DETAILS_LOG',
  userName: 'alice',
  userType: 'CN_CRYPTO_USER',
}

test('a user event names the user and its type', (t) => {
  t.is(
    auditText(createUser),
    `Time: 05/17/26 09:00:01.250000, usecs:1779008401250000
Sequence No : 0x1
Reboot counter : 0x107
Command Type(hex) : CN_MGMT_CMD (0x0)
Opcode : CN_CREATE_USER (0x3)
Session Handle : 0x7014006
Response : 0:HSM Return: SUCCESS
Log type : MGMT_USER_DETAILS_LOG (2)
User Name : alice
User Type : CN_CRYPTO_USER (1)`,
  )
})

test('a key event names both handles in decimal', (t) => {
  const record: AuditRecord = {
    ...common,
    ...success,
    sequence: 2,
    timeMicros: 1779008407000120,
    opcode: 'CN_GENERATE_KEY_PAIR',
    session: 0x7014007,
    logType: 'MGMT_KEY_DETAILS_LOG',
    keyHandle: 131079,
    publicKeyHandle: 131078,
  }
  t.is(
    auditText(record),
    `Time: 05/17/26 09:00:07.000120, usecs:1779008407000120
Sequence No : 0x2
Reboot counter : 0x107
Command Type(hex) : CN_MGMT_CMD (0x0)
Opcode : CN_GENERATE_KEY_PAIR (0x19)
Session Handle : 0x7014007
Response : 0:HSM Return: SUCCESS
Log type : MGMT_KEY_DETAILS_LOG (1)
Priv/Secret Key Handle : 131079
Public Key Handle : 131078`,
  )
})

test('a refusal carries the code of the HSM and its text', (t) => {
  const text = auditText({ ...createUser, responseCode: 163, responseText: 'RET_USER_LOGIN_FAILURE' })
  t.regex(text, /^Response : 163:HSM Error: RET_USER_LOGIN_FAILURE$/m)
})

test('a key without a public half has 0 as its public handle', (t) => {
  const { userName: _userName, userType: _userType, ...bare } = createUser
  const text = auditText({ ...bare, opcode: 'CN_GENERATE_KEY', logType: 'MGMT_KEY_DETAILS_LOG', keyHandle: 7 })
  t.true(text.endsWith('Priv/Secret Key Handle : 7\nPublic Key Handle : 0'))
})

test('a minimal event ends with its log type, a certificate command has its own command type', (t) => {
  const { userName: _userName, userType: _userType, ...bare } = createUser
  const text = auditText({ ...bare, opcode: 'CN_CERT_AUTH_STORE_CERT', logType: 'MINIMAL_LOG_ENTRY' })
  t.regex(text, /^Command Type\(hex\) : CN_CERT_AUTH_CMD \(0x9\)$/m)
  t.true(text.endsWith('Log type : MINIMAL_LOG_ENTRY (0)'))
})
