import test from 'ava'
import { CKM, CKS, CKU } from '@hsmlab/pkcs11'
import { SESSIONS_MAX } from '../src/index.ts'
import {
  attribute,
  code,
  done,
  generateEc,
  newHouse,
  PIN,
  plain,
  program,
  READ_ONLY,
  READ_WRITE,
  ROOM,
  SLOT,
  text,
} from './support/program.ts'

const initialized = async (t: Parameters<typeof done>[0], settings = {}) => {
  const { cluster, openConnection } = newHouse(settings)
  const p11 = openConnection()
  await done(t, p11.C_Initialize())
  return { cluster, p11 }
}

test('a session must be serial', async (t) => {
  const { p11 } = await initialized(t)
  t.is(await code(p11.C_OpenSession(SLOT, 0)), 'CKR_SESSION_PARALLEL_NOT_SUPPORTED')
})

test('read-only sessions are opened, and refused where CloudHSM’s pages are taken at their word', async (t) => {
  const lenient = await initialized(t)
  t.is(await code(lenient.p11.C_OpenSession(SLOT, READ_ONLY)), 'CKR_OK')
  const strict = await initialized(t, { requireReadWriteSessions: true })
  t.is(await code(strict.p11.C_OpenSession(SLOT, READ_ONLY)), 'CKR_FUNCTION_FAILED')
  t.is(await code(strict.p11.C_OpenSession(SLOT, READ_WRITE)), 'CKR_OK')
})

test('a program has 1,024 sessions and not one more', async (t) => {
  const { p11 } = await initialized(t)
  for (let i = 0; i < SESSIONS_MAX; i++) await done(t, p11.C_OpenSession(SLOT, READ_ONLY))
  t.is(await code(p11.C_OpenSession(SLOT, READ_ONLY)), 'CKR_SESSION_COUNT')
})

test('a session tells its state', async (t) => {
  const { p11 } = await initialized(t)
  const readOnly = await done(t, p11.C_OpenSession(SLOT, READ_ONLY))
  const readWrite = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  const states = async () => [
    (await done(t, p11.C_GetSessionInfo(readOnly))).state,
    (await done(t, p11.C_GetSessionInfo(readWrite))).state,
  ]
  t.deepEqual(await states(), [CKS.CKS_RO_PUBLIC_SESSION, CKS.CKS_RW_PUBLIC_SESSION])
  await done(t, p11.C_Login(readOnly, CKU.CKU_USER, PIN))
  t.deepEqual(await states(), [CKS.CKS_RO_USER_FUNCTIONS, CKS.CKS_RW_USER_FUNCTIONS])
})

test('a session that was closed is no session', async (t) => {
  const { p11, session } = await program(t)
  await done(t, p11.C_CloseSession(session))
  t.is(await code(p11.C_CloseSession(session)), 'CKR_SESSION_HANDLE_INVALID')
  t.is(await code(p11.C_Sign(session, text('m'), ROOM)), 'CKR_SESSION_HANDLE_INVALID')
})

test('C_CloseAllSessions closes all of them', async (t) => {
  const { p11, session } = await program(t)
  const other = await done(t, p11.C_OpenSession(SLOT, READ_ONLY))
  await done(t, p11.C_CloseAllSessions(SLOT))
  for (const each of [session, other]) t.is(await code(p11.C_GetSessionInfo(each)), 'CKR_SESSION_HANDLE_INVALID')
})

test('closing all sessions at once logs out once', async (t) => {
  const { cluster, p11, session } = await program(t)
  await generateEc(t, p11, session, 'secp256r1', [attribute('CKA_TOKEN', false)])
  const other = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  await generateEc(t, p11, other, 'secp256r1', [attribute('CKA_TOKEN', false)])
  await done(t, p11.C_CloseAllSessions(SLOT))
  t.is(cluster.calls.get('logout'), 1)
  t.is(cluster.keys.size, 0)
})

test('a session that was asked for while the program ended is none', async (t) => {
  const { p11 } = await initialized(t)
  const opening = code(p11.C_OpenSession(SLOT, READ_WRITE))
  await p11.close()
  t.is(await opening, 'CKR_CRYPTOKI_NOT_INITIALIZED')
})

test('a PIN is a user, a colon and a password', async (t) => {
  const { p11 } = await initialized(t)
  const session = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  for (const pin of ['', 'user1', ':password1', 'user1:']) {
    t.is(await code(p11.C_Login(session, CKU.CKU_USER, text(pin))), 'CKR_ARGUMENTS_BAD')
  }
  t.is(await code(p11.C_Login(session, CKU.CKU_USER, new Uint8Array([0xff, 0x3a, 0x61]))), 'CKR_ARGUMENTS_BAD')
})

test('a wrong password and an unknown user are CKR_PIN_INCORRECT', async (t) => {
  const { p11 } = await initialized(t)
  const session = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  t.is(await code(p11.C_Login(session, CKU.CKU_USER, text('user1:wrong'))), 'CKR_PIN_INCORRECT')
  t.is(await code(p11.C_Login(session, CKU.CKU_USER, text('nobody:password1'))), 'CKR_PIN_INCORRECT')
})

test('only crypto users log in', async (t) => {
  const { p11 } = await initialized(t)
  const session = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  t.is(await code(p11.C_Login(session, CKU.CKU_SO, PIN)), 'CKR_USER_TYPE_INVALID')
  t.is(await code(p11.C_Login(session, CKU.CKU_CONTEXT_SPECIFIC, PIN)), 'CKR_USER_TYPE_INVALID')
})

test('a program logs in once, on all its sessions', async (t) => {
  const { p11 } = await program(t)
  const other = await done(t, p11.C_OpenSession(SLOT, READ_ONLY))
  t.is(await code(p11.C_Login(other, CKU.CKU_USER, PIN)), 'CKR_USER_ALREADY_LOGGED_IN')
  await done(t, p11.C_Logout(other))
  t.is(await code(p11.C_Logout(other)), 'CKR_USER_NOT_LOGGED_IN')
})

test('of two logins at once one succeeds', async (t) => {
  const { cluster, p11 } = await initialized(t)
  const sessions = [
    await done(t, p11.C_OpenSession(SLOT, READ_WRITE)),
    await done(t, p11.C_OpenSession(SLOT, READ_WRITE)),
  ]
  const codes = await Promise.all(sessions.map((session) => code(p11.C_Login(session, CKU.CKU_USER, PIN))))
  t.deepEqual(codes, ['CKR_OK', 'CKR_USER_ALREADY_LOGGED_IN'])
  t.is(cluster.calls.get('login'), 1)
})

test('the PIN that the caller passed may be wiped at once', async (t) => {
  const { p11 } = await initialized(t)
  const session = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  const pin = PIN.slice()
  const login = p11.C_Login(session, CKU.CKU_USER, pin)
  pin.fill(0)
  t.is(await code(login), 'CKR_OK')
})

test('the login ends with the last session', async (t) => {
  const { cluster, p11, session } = await program(t)
  const other = await done(t, p11.C_OpenSession(SLOT, READ_ONLY))
  await done(t, p11.C_CloseSession(session))
  t.is(cluster.calls.get('logout'), undefined)
  await done(t, p11.C_CloseSession(other))
  t.is(cluster.calls.get('logout'), 1)
  const next = await done(t, p11.C_OpenSession(SLOT, READ_ONLY))
  t.is((await done(t, p11.C_GetSessionInfo(next))).state, CKS.CKS_RO_PUBLIC_SESSION)
})

test('session keys end with their session, token keys do not', async (t) => {
  const { cluster, p11, session } = await program(t)
  const other = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  const lasting = await generateEc(t, p11, session)
  const passing = await generateEc(t, p11, session, 'secp256r1', [attribute('CKA_TOKEN', false)])
  t.is(cluster.keys.size, 4)
  await done(t, p11.C_CloseSession(session))
  t.is(cluster.keys.size, 2)
  t.is(await code(p11.C_SignInit(other, plain(CKM.CKM_ECDSA), passing.privateKey)), 'CKR_KEY_HANDLE_INVALID')
  t.is(await code(p11.C_SignInit(other, plain(CKM.CKM_ECDSA), lasting.privateKey)), 'CKR_OK')
})

test('closing a session that made no session keys asks no HSM', async (t) => {
  const { cluster, p11, session } = await program(t)
  const other = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  await generateEc(t, p11, other)
  await done(t, p11.C_CloseSession(other))
  t.is(cluster.calls.get('endTag'), undefined)
  t.is(await code(p11.C_GetSessionInfo(session)), 'CKR_OK')
})

test('after a logout private keys have no handle, and operations are over', async (t) => {
  const { p11, session } = await program(t)
  const { publicKey, privateKey } = await generateEc(t, p11, session)
  await done(t, p11.C_SignInit(session, plain(CKM.CKM_ECDSA), privateKey))
  await done(t, p11.C_Logout(session))
  t.is(await code(p11.C_Sign(session, new Uint8Array(32), ROOM)), 'CKR_OPERATION_NOT_INITIALIZED')
  t.is(await code(p11.C_SignInit(session, plain(CKM.CKM_ECDSA), privateKey)), 'CKR_KEY_HANDLE_INVALID')
  t.is(await code(p11.C_VerifyInit(session, plain(CKM.CKM_ECDSA), publicKey)), 'CKR_USER_NOT_LOGGED_IN')
})

test('no handle is given twice, to no program', async (t) => {
  const { openConnection } = newHouse()
  const handles: number[] = []
  for (let i = 0; i < 3; i++) {
    const p11 = openConnection()
    await done(t, p11.C_Initialize())
    const session = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
    await done(t, p11.C_Login(session, CKU.CKU_USER, PIN))
    const { publicKey, privateKey } = await generateEc(t, p11, session)
    handles.push(session, publicKey, privateKey)
    await p11.close()
  }
  t.is(new Set(handles).size, handles.length)
})

test('handles of one program are none in another', async (t) => {
  const { p11, session, openConnection } = await program(t)
  const { privateKey } = await generateEc(t, p11, session)
  const other = openConnection()
  await done(t, other.C_Initialize())
  t.is(await code(other.C_GetSessionInfo(session)), 'CKR_SESSION_HANDLE_INVALID')
  const otherSession = await done(t, other.C_OpenSession(SLOT, READ_WRITE))
  await done(t, other.C_Login(otherSession, CKU.CKU_USER, PIN))
  t.is(await code(other.C_SignInit(otherSession, plain(CKM.CKM_ECDSA), privateKey)), 'CKR_KEY_HANDLE_INVALID')
})

test('calls of one session take place in the order they came', async (t) => {
  const { p11, session } = await program(t)
  const { privateKey } = await generateEc(t, p11, session)
  const order: string[] = []
  const note = (name: string) => (): void => void order.push(name)
  const init = () => p11.C_SignInit(session, plain(CKM.CKM_ECDSA), privateKey)
  const digest = new Uint8Array(32)
  const answers = [
    code(init()),
    code(p11.C_Sign(session, digest, ROOM)),
    code(init()),
    code(p11.C_Sign(session, digest, ROOM)),
    code(p11.C_CloseSession(session)),
    code(p11.C_GetSessionInfo(session)),
  ]
  await Promise.all(answers.map((answer, index) => answer.then(note(String(index)))))
  t.deepEqual(await Promise.all(answers), [
    'CKR_OK',
    'CKR_OK',
    'CKR_OK',
    'CKR_OK',
    'CKR_OK',
    'CKR_SESSION_HANDLE_INVALID',
  ])
  t.deepEqual(order, ['0', '1', '2', '3', '4', '5'])
})

test('random bytes come as many as were asked for', async (t) => {
  const { p11, session } = await program(t)
  for (const count of [0, 1, 32, 100_000]) {
    t.is((await done(t, p11.C_GenerateRandom(session, count))).length, count)
  }
  t.is(await code(p11.C_GenerateRandom(session, 2 ** 30)), 'CKR_ARGUMENTS_BAD')
})

test('what an HSM refuses reaches the program by its name', async (t) => {
  const { cluster, p11, session } = await program(t)
  cluster.failWith('CKR_DEVICE_ERROR')
  t.is(await code(p11.C_GenerateRandom(session, 8)), 'CKR_DEVICE_ERROR')
  t.is(await code(p11.C_FindObjectsInit(session, [])), 'CKR_DEVICE_ERROR')
  cluster.failWith(undefined)
  t.is(await code(p11.C_FindObjectsInit(session, [])), 'CKR_OK')
})
