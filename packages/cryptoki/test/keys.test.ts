import test from 'ava'
import { ecParams } from '@hsmlab/crypto'
import { CKA, CKF, CKK, CKM, CKO, type CkaName, CKU } from '@hsmlab/pkcs11'
import { type Attribute, UNAVAILABLE } from '../src/index.ts'
import {
  attribute,
  code,
  done,
  generateAes,
  generateEc,
  generateRsa,
  plain,
  PIN,
  program,
  READ_ONLY,
  SLOT,
  text,
} from './support/program.ts'

const AES = plain(CKM.CKM_AES_KEY_GEN)
const LENGTH = attribute('CKA_VALUE_LEN', 32)
type Running = Awaited<ReturnType<typeof program>>

const readAll = async (
  t: Parameters<typeof done>[0],
  { p11, session }: Running,
  object: number,
  names: ReadonlyArray<CkaName>,
  room: number | undefined = 1024,
) => {
  const rooms = names.map((name) => ({ type: CKA[name], room }))
  const { attributes, code: result } = await done(t, p11.C_GetAttributeValue(session, object, rooms))
  return { values: attributes.map(({ value }) => value), lengths: attributes.map(({ length }) => length), result }
}

const found = async (t: Parameters<typeof done>[0], { p11, session }: Running, template: ReadonlyArray<Attribute>) => {
  await done(t, p11.C_FindObjectsInit(session, template))
  const objects = await done(t, p11.C_FindObjects(session, 100))
  await done(t, p11.C_FindObjectsFinal(session))
  return objects
}

test('a template says why it is refused', async (t) => {
  const { p11, session } = await program(t)
  const generate = (...template: ReadonlyArray<Attribute>) => code(p11.C_GenerateKey(session, AES, template))
  t.is(await generate(LENGTH), 'CKR_OK')
  t.is(await generate(), 'CKR_TEMPLATE_INCOMPLETE')
  t.is(await generate(LENGTH, attribute('CKA_LOCAL', true)), 'CKR_ATTRIBUTE_READ_ONLY')
  t.is(await generate(LENGTH, attribute('CKA_CHECK_VALUE', text('abc'))), 'CKR_ATTRIBUTE_READ_ONLY')
  t.is(await generate(LENGTH, attribute('CKA_START_DATE', text('20260101'))), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(await generate(LENGTH, attribute('CKA_SIGN_RECOVER', false)), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(await generate(LENGTH, attribute('CKA_CLASS', CKO.CKO_PUBLIC_KEY)), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(await generate(LENGTH, attribute('CKA_KEY_TYPE', CKK.CKK_GENERIC_SECRET)), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(await generate(LENGTH, attribute('CKA_VALUE_LEN', 16)), 'CKR_TEMPLATE_INCONSISTENT')
  t.is(await generate(LENGTH, { type: 0xcf53_4301, value: text('x') }), 'CKR_ATTRIBUTE_TYPE_INVALID')
  t.is(await generate(LENGTH, attribute('CKA_ENCRYPT', text('no flag'))), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(await generate(attribute('CKA_VALUE_LEN', 17)), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(await generate(LENGTH, attribute('CKA_TRUSTED', true)), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(await generate(LENGTH, attribute('CKA_LABEL', new Uint8Array(128))), 'CKR_ATTRIBUTE_VALUE_INVALID')
})

test('attributes that the wire does not know come as memory of the program', async (t) => {
  const running = await program(t)
  const { p11, session } = running
  const key = await done(
    t,
    p11.C_GenerateKey(session, AES, [
      attribute('CKA_VALUE_LEN', Uint8Array.of(16, 0, 0, 0, 0, 0, 0, 0)),
      attribute('CKA_DESTROYABLE', Uint8Array.of(0)),
    ]),
  )
  t.deepEqual((await readAll(t, running, key, ['CKA_VALUE_LEN', 'CKA_DESTROYABLE'])).values, [16, false])
})

test('keys are private: CKA_PRIVATE false is refused, or, where a setting says so, taken for nothing said', async (t) => {
  const template = [LENGTH, attribute('CKA_PRIVATE', false)]
  const strict = await program(t)
  t.is(await code(strict.p11.C_GenerateKey(strict.session, AES, template)), 'CKR_ATTRIBUTE_VALUE_INVALID')
  const lenient = await program(t, { acceptNotPrivate: true })
  const key = await done(t, lenient.p11.C_GenerateKey(lenient.session, AES, template))
  t.deepEqual((await readAll(t, lenient, key, ['CKA_PRIVATE'])).values, [true])
})

test('what a template leaves out has CloudHSM’s default', async (t) => {
  const running = await program(t)
  const key = await done(t, running.p11.C_GenerateKey(running.session, AES, [LENGTH]))
  const flags: ReadonlyArray<CkaName> = ['CKA_TOKEN', 'CKA_SIGN', 'CKA_VERIFY', 'CKA_ENCRYPT', 'CKA_EXTRACTABLE']
  t.deepEqual((await readAll(t, running, key, flags)).values, [false, true, true, false, true])
  const { privateKey } = await generateEc(t, running.p11, running.session)
  t.deepEqual((await readAll(t, running, privateKey, ['CKA_SENSITIVE', 'CKA_DERIVE'])).values, [true, false])
})

test('an RSA private template with the modulus bits is accepted, and the key is of no use', async (t) => {
  const running = await program(t)
  const { p11, session } = running
  const { privateKey } = await done(
    t,
    p11.C_GenerateKeyPair(
      session,
      plain(CKM.CKM_RSA_PKCS_KEY_PAIR_GEN),
      [attribute('CKA_MODULUS_BITS', 2048), attribute('CKA_PUBLIC_EXPONENT', Uint8Array.of(1, 0, 1))],
      [attribute('CKA_MODULUS_BITS', 2048), attribute('CKA_SIGN', true), attribute('CKA_DECRYPT', true)],
    ),
  )
  const usages: ReadonlyArray<CkaName> = ['CKA_SIGN', 'CKA_DECRYPT', 'CKA_UNWRAP', 'CKA_DERIVE']
  t.deepEqual((await readAll(t, running, privateKey, usages)).values, [false, false, false, false])
})

test('keys are made in the sizes, exponents and curves of CloudHSM', async (t) => {
  const { p11, session } = await program(t)
  const rsa = (bits: number, exponent: ReadonlyArray<number>) =>
    code(
      p11.C_GenerateKeyPair(
        session,
        plain(CKM.CKM_RSA_PKCS_KEY_PAIR_GEN),
        [attribute('CKA_MODULUS_BITS', bits), attribute('CKA_PUBLIC_EXPONENT', Uint8Array.from(exponent))],
        [],
      ),
    )
  t.is(await rsa(1024, [1, 0, 1]), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(await rsa(2049, [1, 0, 1]), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(await rsa(2048, [3]), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(await rsa(2048, [1, 0, 2]), 'CKR_ATTRIBUTE_VALUE_INVALID')
  t.is(await rsa(2048, [1, 0, 1]), 'CKR_OK')
  const brainpool = Uint8Array.of(6, 9, 0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7)
  const ec = (parameters: Uint8Array) =>
    code(p11.C_GenerateKeyPair(session, plain(CKM.CKM_EC_KEY_PAIR_GEN), [attribute('CKA_EC_PARAMS', parameters)], []))
  t.is(await ec(brainpool), 'CKR_CURVE_NOT_SUPPORTED')
  t.is(await ec(ecParams('secp384r1')), 'CKR_OK')
})

test('a mechanism makes the keys it is for', async (t) => {
  const { p11, session } = await program(t)
  t.is(await code(p11.C_GenerateKey(session, plain(CKM.CKM_EC_KEY_PAIR_GEN), [LENGTH])), 'CKR_MECHANISM_INVALID')
  t.is(await code(p11.C_GenerateKeyPair(session, AES, [], [])), 'CKR_MECHANISM_INVALID')
  t.is(await code(p11.C_GenerateKey(session, plain(CKM.CKM_DES3_KEY_GEN), [])), 'CKR_MECHANISM_INVALID')
  t.is(await code(p11.C_GenerateKey(session, undefined, [])), 'CKR_ARGUMENTS_BAD')
})

test('a read-only session makes session keys and no token keys, and destroys none', async (t) => {
  const { p11, session } = await program(t)
  const key = await generateAes(t, p11, session)
  const readOnly = await done(t, p11.C_OpenSession(SLOT, READ_ONLY))
  const token = [LENGTH, attribute('CKA_TOKEN', true)]
  t.is(await code(p11.C_GenerateKey(readOnly, AES, token)), 'CKR_SESSION_READ_ONLY')
  t.is(await code(p11.C_GenerateKey(readOnly, AES, [LENGTH])), 'CKR_OK')
  t.is(await code(p11.C_DestroyObject(readOnly, key)), 'CKR_SESSION_READ_ONLY')
})

test('without a login no key is made', async (t) => {
  const { p11, session } = await program(t)
  await done(t, p11.C_Logout(session))
  t.is(await code(p11.C_GenerateKey(session, AES, [LENGTH])), 'CKR_USER_NOT_LOGGED_IN')
})

test('a destroyed key has no handle any more', async (t) => {
  const { p11, session } = await program(t)
  const key = await generateAes(t, p11, session)
  t.is(await code(p11.C_DestroyObject(session, key)), 'CKR_OK')
  t.is(await code(p11.C_DestroyObject(session, key)), 'CKR_OBJECT_HANDLE_INVALID')
  t.is(await code(p11.C_GetAttributeValue(session, key, [])), 'CKR_OBJECT_HANDLE_INVALID')
})

test('a key that another program destroyed is CKR_OBJECT_HANDLE_INVALID when it is read', async (t) => {
  const mine = await program(t)
  const key = await generateAes(t, mine.p11, mine.session)
  const other = mine.openConnection()
  await done(t, other.C_Initialize())
  const session = await done(t, other.C_OpenSession(SLOT, CKF.CKF_SERIAL_SESSION | CKF.CKF_RW_SESSION))
  await done(t, other.C_Login(session, CKU.CKU_USER, PIN))
  await done(t, other.C_FindObjectsInit(session, []))
  const [theirs] = await done(t, other.C_FindObjects(session, 1))
  await done(t, other.C_DestroyObject(session, theirs ?? 0))
  t.is(await code(mine.p11.C_GetAttributeValue(mine.session, key, [])), 'CKR_OBJECT_HANDLE_INVALID')
})

test('CKA_DESTROYABLE false protects a key', async (t) => {
  const { p11, session } = await program(t)
  const key = await done(t, p11.C_GenerateKey(session, AES, [LENGTH, attribute('CKA_DESTROYABLE', false)]))
  t.is(await code(p11.C_DestroyObject(session, key)), 'CKR_ACTION_PROHIBITED')
  t.is(await code(p11.C_GetAttributeValue(session, key, [])), 'CKR_OK')
})

test('attributes are read as far as there is room, and the others do not suffer', async (t) => {
  const running = await program(t)
  const { publicKey } = await generateEc(t, running.p11, running.session)
  const rooms = [
    { type: CKA.CKA_CLASS, room: 8 },
    { type: CKA.CKA_EC_POINT, room: 10 },
    { type: CKA.CKA_EC_PARAMS, room: undefined },
  ]
  const { attributes, code: result } = await done(t, running.p11.C_GetAttributeValue(running.session, publicKey, rooms))
  t.is(result, 'CKR_BUFFER_TOO_SMALL')
  t.deepEqual(attributes, [
    { type: CKA.CKA_CLASS, length: 8, value: CKO.CKO_PUBLIC_KEY },
    { type: CKA.CKA_EC_POINT, length: 67, value: undefined },
    { type: CKA.CKA_EC_PARAMS, length: 10, value: undefined },
  ])
})

test('what is secret is sensitive, what CloudHSM does not have is invalid, and the rest is told beside it', async (t) => {
  const running = await program(t)
  const { privateKey } = await generateRsa(t, running.p11, running.session)
  const names: ReadonlyArray<CkaName> = ['CKA_KEY_TYPE', 'CKA_PRIVATE_EXPONENT', 'CKA_ALWAYS_AUTHENTICATE', 'CKA_SIGN']
  const { values, lengths, result } = await readAll(t, running, privateKey, names)
  t.is(result, 'CKR_ATTRIBUTE_SENSITIVE')
  t.deepEqual(values, [CKK.CKK_RSA, undefined, undefined, true])
  t.deepEqual(lengths, [8, undefined, undefined, 1])
  const unsupported = await readAll(t, running, privateKey, ['CKA_MODULUS_BITS', 'CKA_EC_POINT', 'CKA_COPYABLE'])
  t.is(unsupported.result, 'CKR_ATTRIBUTE_TYPE_INVALID')
})

test('each C_GetAttributeValue asks an HSM once, however many attributes it reads', async (t) => {
  const running = await program(t)
  const key = await generateAes(t, running.p11, running.session)
  const before = running.cluster.calls.get('getKey') ?? 0
  await readAll(t, running, key, ['CKA_LABEL', 'CKA_ID', 'CKA_CLASS'])
  t.is(running.cluster.calls.get('getKey'), before + 1)
})

test('keys are found by what can be read on them', async (t) => {
  const running = await program(t)
  const { p11, session } = running
  const named = await done(
    t,
    p11.C_GenerateKey(session, AES, [LENGTH, attribute('CKA_LABEL', text('blue')), attribute('CKA_TOKEN', true)]),
  )
  const { publicKey, privateKey } = await generateRsa(t, p11, session)
  t.deepEqual(await found(t, running, []), [named, publicKey, privateKey])
  t.deepEqual(await found(t, running, [attribute('CKA_LABEL', text('blue'))]), [named])
  t.deepEqual(await found(t, running, [attribute('CKA_CLASS', CKO.CKO_PRIVATE_KEY)]), [privateKey])
  t.deepEqual(await found(t, running, [attribute('CKA_MODULUS_BITS', 2048)]), [publicKey])
  t.deepEqual(await found(t, running, [attribute('CKA_CLASS', CKO.CKO_CERTIFICATE)]), [])
  t.deepEqual(await found(t, running, [attribute('CKA_VALUE', text('guess'))]), [])
  t.deepEqual(await found(t, running, [attribute('CKA_VALUE_LEN', UNAVAILABLE)]), [])
})

test('found keys are handed out in portions, the same handle for the same key', async (t) => {
  const running = await program(t)
  const { p11, session } = running
  const keys = [
    await generateAes(t, p11, session),
    await generateAes(t, p11, session),
    await generateAes(t, p11, session),
  ]
  await done(t, p11.C_FindObjectsInit(session, []))
  t.is(await code(p11.C_FindObjectsInit(session, [])), 'CKR_OPERATION_ACTIVE')
  t.deepEqual(await done(t, p11.C_FindObjects(session, 2)), keys.slice(0, 2))
  t.deepEqual(await done(t, p11.C_FindObjects(session, 2)), keys.slice(2))
  t.deepEqual(await done(t, p11.C_FindObjects(session, 2)), [])
  await done(t, p11.C_FindObjectsFinal(session))
  t.is(await code(p11.C_FindObjectsFinal(session)), 'CKR_OPERATION_NOT_INITIALIZED')
  t.is(await code(p11.C_FindObjects(session, 2)), 'CKR_OPERATION_NOT_INITIALIZED')
})

test('without a login public keys can be found and read', async (t) => {
  const running = await program(t)
  await generateEc(t, running.p11, running.session)
  await done(t, running.p11.C_Logout(running.session))
  const objects = await found(t, running, [])
  t.is(objects.length, 1)
  const { values } = await readAll(t, running, objects[0] ?? 0, ['CKA_CLASS'])
  t.deepEqual(values, [CKO.CKO_PUBLIC_KEY])
})
