import test from 'ava'
import { CKF, CKM } from '@hsmlab/pkcs11'
import { code, done, newHouse, plain, program, READ_WRITE, SLOT } from './support/program.ts'

test('nothing works before C_Initialize', async (t) => {
  const p11 = newHouse().openConnection()
  const calls = [
    p11.C_Finalize(),
    p11.C_GetInfo(),
    p11.C_GetSlotList(true),
    p11.C_GetTokenInfo(SLOT),
    p11.C_OpenSession(SLOT, READ_WRITE),
    p11.C_SignInit(1, plain(CKM.CKM_ECDSA), 1),
  ]
  for (const call of calls) t.is(await code(call), 'CKR_CRYPTOKI_NOT_INITIALIZED')
})

test('a library is initialized once, and again after C_Finalize', async (t) => {
  const p11 = newHouse().openConnection()
  t.is(await code(p11.C_Initialize()), 'CKR_OK')
  t.is(await code(p11.C_Initialize()), 'CKR_CRYPTOKI_ALREADY_INITIALIZED')
  t.is(await code(p11.C_Finalize()), 'CKR_OK')
  t.is(await code(p11.C_Initialize()), 'CKR_OK')
})

test('the library speaks PKCS#11 2.40', async (t) => {
  const { p11 } = await program(t)
  const { cryptokiVersion } = await done(t, p11.C_GetInfo())
  t.deepEqual(cryptokiVersion, { major: 2, minor: 40 })
})

test('a cluster is one slot, and its token is always present', async (t) => {
  const { p11 } = await program(t)
  t.deepEqual(await done(t, p11.C_GetSlotList(true)), [SLOT])
  t.deepEqual(await done(t, p11.C_GetSlotList(false)), [SLOT])
  const { flags } = await done(t, p11.C_GetSlotInfo(SLOT))
  t.is(flags & CKF.CKF_TOKEN_PRESENT, CKF.CKF_TOKEN_PRESENT)
})

test('there is no slot until there is a cluster', async (t) => {
  const p11 = newHouse({}, { clusterId: undefined }).openConnection()
  await done(t, p11.C_Initialize())
  t.deepEqual(await done(t, p11.C_GetSlotList(true)), [])
  t.is(await code(p11.C_GetSlotInfo(SLOT)), 'CKR_SLOT_ID_INVALID')
  t.is(await code(p11.C_OpenSession(SLOT, READ_WRITE)), 'CKR_SLOT_ID_INVALID')
})

test('the token is what an HSM says of itself, and is there when no HSM answers', async (t) => {
  const { cluster, openConnection } = newHouse()
  const p11 = openConnection()
  await done(t, p11.C_Initialize())
  cluster.failWith('CKR_DEVICE_ERROR')
  t.is((await done(t, p11.C_GetTokenInfo(SLOT))).label, 'hsm1')
  cluster.failWith(undefined)
  const token = await done(t, p11.C_GetTokenInfo(SLOT))
  t.is(token.serialNumber, '5.3G1941-ICM0005')
  t.deepEqual(token.hardwareVersion, { major: 5, minor: 3 })
})

test('the token counts the sessions of its program', async (t) => {
  const { p11 } = await program(t)
  await done(t, p11.C_OpenSession(SLOT, CKF.CKF_SERIAL_SESSION))
  const { sessionCount, rwSessionCount } = await done(t, p11.C_GetTokenInfo(SLOT))
  t.deepEqual({ sessionCount, rwSessionCount }, { sessionCount: 2, rwSessionCount: 1 })
})

test('a cluster in FIPS mode does not encrypt with CKM_RSA_PKCS, another one does', async (t) => {
  const flagsIn = async (mode: 'FIPS' | 'NON_FIPS'): Promise<number> => {
    const { p11 } = await program(t, {}, { mode })
    const { flags } = await done(t, p11.C_GetMechanismInfo(SLOT, CKM.CKM_RSA_PKCS))
    return flags & (CKF.CKF_SIGN | CKF.CKF_ENCRYPT)
  }
  t.is(await flagsIn('FIPS'), CKF.CKF_SIGN)
  t.is(await flagsIn('NON_FIPS'), CKF.CKF_SIGN | CKF.CKF_ENCRYPT)
})

test('every mechanism that is listed has its info, and no other has', async (t) => {
  const { p11 } = await program(t)
  const types = await done(t, p11.C_GetMechanismList(SLOT))
  t.true(types.includes(CKM.CKM_ECDSA))
  for (const type of types) t.is(await code(p11.C_GetMechanismInfo(SLOT, type)), 'CKR_OK')
  t.is(await code(p11.C_GetMechanismInfo(SLOT, CKM.CKM_MD5)), 'CKR_MECHANISM_INVALID')
})

test('a program that vanishes ends its application, whether it finalized or not', async (t) => {
  const { cluster, p11, session } = await program(t)
  await p11.close()
  t.is(cluster.calls.get('close'), 1)
  t.is(await code(p11.C_GetSessionInfo(session)), 'CKR_CRYPTOKI_NOT_INITIALIZED')
})
