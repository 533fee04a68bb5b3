import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { fc, testProp } from '@fast-check/ava'
import test, { type ExecutionContext } from 'ava'
import { type CurveName, HASHES, HASH_NAMES, type HashName } from '@hsmlab/crypto'
import { CKA, type CkaName, CKM, type MechanismParameter, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { CallMechanism } from '../src/index.ts'
import {
  attribute,
  code,
  done,
  generateAes,
  generateEc,
  generateRsa,
  generateSecret,
  plain,
  program,
  ROOM,
  text,
} from './support/program.ts'

type Running = Awaited<ReturnType<typeof program>>

const NAMES = {
  'SHA-1': ['CKM_ECDSA_SHA1', 'CKM_SHA1_RSA_PKCS', 'CKM_SHA1_RSA_PKCS_PSS', 'CKM_SHA_1_HMAC'],
  'SHA-224': ['CKM_ECDSA_SHA224', 'CKM_SHA224_RSA_PKCS', 'CKM_SHA224_RSA_PKCS_PSS', 'CKM_SHA224_HMAC'],
  'SHA-256': ['CKM_ECDSA_SHA256', 'CKM_SHA256_RSA_PKCS', 'CKM_SHA256_RSA_PKCS_PSS', 'CKM_SHA256_HMAC'],
  'SHA-384': ['CKM_ECDSA_SHA384', 'CKM_SHA384_RSA_PKCS', 'CKM_SHA384_RSA_PKCS_PSS', 'CKM_SHA384_HMAC'],
  'SHA-512': ['CKM_ECDSA_SHA512', 'CKM_SHA512_RSA_PKCS', 'CKM_SHA512_RSA_PKCS_PSS', 'CKM_SHA512_HMAC'],
} as const

const pss = (hash: HashName): MechanismParameter => ({
  _tag: 'pss',
  hash: HASHES[hash].mechanism,
  mgf: HASHES[hash].mgf,
  saltLength: HASHES[hash].bytes,
})

/** Short enough for one call to the HSM, and too long for that. */
const MESSAGES = [text(''), text('a message'), new Uint8Array(5_000).fill(7)]
const CUTS = [0, 1, 5, 3_000, 4_999]

/** The parts of a message; the last one is what is left. */
const partsOf = (message: Uint8Array, cuts: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const edges = [...cuts.filter((cut) => cut < message.length), message.length]
  return edges.map((edge, i) => message.slice(edges[i - 1] ?? 0, edge))
}

const signWhole = async (
  t: ExecutionContext,
  { p11, session }: Running,
  mechanism: CallMechanism,
  key: number,
  message: Uint8Array,
) => {
  await done(t, p11.C_SignInit(session, mechanism, key))
  const signature = await done(t, p11.C_Sign(session, message, ROOM))
  if (typeof signature === 'number') return t.fail('there was room enough')
  return signature
}

const signParts = async (
  t: ExecutionContext,
  { p11, session }: Running,
  mechanism: CallMechanism,
  key: number,
  message: Uint8Array,
) => {
  await done(t, p11.C_SignInit(session, mechanism, key))
  for (const part of partsOf(message, CUTS)) await done(t, p11.C_SignUpdate(session, part))
  const signature = await done(t, p11.C_SignFinal(session, ROOM))
  if (typeof signature === 'number') return t.fail('there was room enough')
  return signature
}

const verifies = async (
  t: ExecutionContext,
  { p11, session }: Running,
  mechanism: CallMechanism,
  key: number,
  message: Uint8Array,
  signature: Uint8Array,
) => {
  await done(t, p11.C_VerifyInit(session, mechanism, key))
  t.is(await code(p11.C_Verify(session, message, signature)), 'CKR_OK')
  await done(t, p11.C_VerifyInit(session, mechanism, key))
  for (const part of partsOf(message, CUTS)) await done(t, p11.C_VerifyUpdate(session, part))
  t.is(await code(p11.C_VerifyFinal(session, signature)), 'CKR_OK')
}

/** Whole and in parts, short and long: every signature is verified both ways. */
const signsAndVerifies = async (
  t: ExecutionContext,
  running: Running,
  mechanism: CallMechanism,
  keys: Readonly<{ publicKey: number; privateKey: number }>,
) => {
  for (const message of MESSAGES) {
    const whole = await signWhole(t, running, mechanism, keys.privateKey, message)
    const inParts = await signParts(t, running, mechanism, keys.privateKey, message)
    for (const signature of [whole, inParts]) {
      await verifies(t, running, mechanism, keys.publicKey, message, signature)
    }
  }
}

/** An order of 521 bits is no whole number of bytes. */
const curveFor = (hash: HashName): CurveName => (hash === 'SHA-512' ? 'secp521r1' : 'secp256r1')

for (const hash of HASH_NAMES) {
  const [ecdsa, pkcs1, hashedPss, hmac] = NAMES[hash]

  test(`${ecdsa} signs messages of any length, whole and in parts`, async (t) => {
    const running = await program(t, { ecdsaWithWeakHashFunction: true })
    const keys = await generateEc(t, running.p11, running.session, curveFor(hash))
    await signsAndVerifies(t, running, plain(CKM[ecdsa]), keys)
  })

  test(`${pkcs1} and ${hashedPss} sign messages of any length, whole and in parts`, async (t) => {
    const running = await program(t)
    const keys = await generateRsa(t, running.p11, running.session)
    await signsAndVerifies(t, running, plain(CKM[pkcs1]), keys)
    await signsAndVerifies(t, running, { type: CKM[hashedPss], parameter: pss(hash) }, keys)
  })

  test(`${hmac} is the same whole and in parts`, async (t) => {
    const running = await program(t)
    const key = await generateSecret(t, running.p11, running.session)
    const mechanism = plain(CKM[hmac])
    for (const message of MESSAGES) {
      const mac = await signWhole(t, running, mechanism, key, message)
      t.deepEqual(await signParts(t, running, mechanism, key, message), mac)
      await verifies(t, running, mechanism, key, message, mac)
    }
  })
}

/** The public key as OpenSSL knows it, from what a program can read of it. */
const opensslKey = async (t: ExecutionContext, { p11, session }: Running, publicKey: number): Promise<KeyObject> => {
  const read = async (name: CkaName): Promise<Uint8Array | undefined> => {
    const rooms = [{ type: CKA[name], room: ROOM }]
    const { attributes } = await done(t, p11.C_GetAttributeValue(session, publicKey, rooms))
    const value = attributes[0]?.value
    return value instanceof Uint8Array ? value : undefined
  }
  const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64url')
  const point = await read('CKA_EC_POINT')
  if (point !== undefined) {
    const [x, y] = [base64(point.slice(3, 35)), base64(point.slice(35))]
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  }
  const [n, e] = [base64(await read('CKA_MODULUS')), base64(await read('CKA_PUBLIC_EXPONENT'))]
  return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
}

test('OpenSSL accepts signatures over messages that were hashed here, and over those that were not', async (t) => {
  const running = await program(t)
  const rsa = await generateRsa(t, running.p11, running.session)
  const ec = await generateEc(t, running.p11, running.session)
  const hashedPss = { type: CKM.CKM_SHA256_RSA_PKCS_PSS, parameter: pss('SHA-256') }
  for (const message of MESSAGES) {
    for (const sign of [signWhole, signParts]) {
      const pkcs1Signature = await sign(t, running, plain(CKM.CKM_SHA256_RSA_PKCS), rsa.privateKey, message)
      const pssSignature = await sign(t, running, hashedPss, rsa.privateKey, message)
      const ecSignature = await sign(t, running, plain(CKM.CKM_ECDSA_SHA256), ec.privateKey, message)
      const rsaKey = await opensslKey(t, running, rsa.publicKey)
      const ecKey = await opensslKey(t, running, ec.publicKey)
      const padding = constants.RSA_PKCS1_PSS_PADDING
      t.true(verify('sha256', message, rsaKey, pkcs1Signature))
      t.true(verify('sha256', message, { key: rsaKey, padding, saltLength: 32 }, pssSignature))
      t.true(verify('sha256', message, { key: ecKey, dsaEncoding: 'ieee-p1363' }, ecSignature))
    }
  }
})

test('a long message is hashed here: the HSM sees its digest only', async (t) => {
  const running = await program(t)
  const { cluster, p11, session } = running
  const { privateKey } = await generateRsa(t, p11, session)
  const before = cluster.calls.get('sign') ?? 0
  await done(t, p11.C_SignInit(session, plain(CKM.CKM_SHA256_RSA_PKCS), privateKey))
  for (let i = 0; i < 20; i++) await done(t, p11.C_SignUpdate(session, new Uint8Array(100_000)))
  await done(t, p11.C_SignFinal(session, ROOM))
  t.is(cluster.calls.get('sign'), before + 1)
})

test('asking for a signature’s length costs no signature and ends nothing', async (t) => {
  const running = await program(t)
  const { cluster, p11, session } = running
  const { privateKey } = await generateEc(t, p11, session)
  await done(t, p11.C_SignInit(session, plain(CKM.CKM_ECDSA_SHA256), privateKey))
  t.is(await done(t, p11.C_Sign(session, text('m'), undefined)), 64)
  t.is(await done(t, p11.C_Sign(session, text('m'), 63)), 64)
  t.is(cluster.calls.get('sign'), undefined)
  const signature = await done(t, p11.C_Sign(session, text('m'), 64))
  t.is(typeof signature === 'number' ? 0 : signature.length, 64)
  t.is(cluster.calls.get('sign'), 1)
  t.is(await code(p11.C_Sign(session, text('m'), 64)), 'CKR_OPERATION_NOT_INITIALIZED')
})

test('C_SignInit and C_VerifyInit ask no HSM', async (t) => {
  const { cluster, p11, session } = await program(t)
  const { publicKey, privateKey } = await generateEc(t, p11, session)
  const before = [...cluster.calls.values()].reduce((sum, count) => sum + count, 0)
  await done(t, p11.C_SignInit(session, plain(CKM.CKM_ECDSA), privateKey))
  await done(t, p11.C_VerifyInit(session, plain(CKM.CKM_ECDSA), publicKey))
  t.is(
    [...cluster.calls.values()].reduce((sum, count) => sum + count, 0),
    before,
  )
})

test('an Init says what is wrong with the mechanism, the key or the parameter', async (t) => {
  const { p11, session } = await program(t)
  const ec = await generateEc(t, p11, session)
  const rsa = await generateRsa(t, p11, session)
  const silent = await generateEc(t, p11, session, 'secp256r1', [attribute('CKA_DERIVE', true)])
  const init = (mechanism: CallMechanism, key: number) => code(p11.C_SignInit(session, mechanism, key))
  t.is(await init(plain(CKM.CKM_MD5_RSA_PKCS), rsa.privateKey), 'CKR_MECHANISM_INVALID')
  t.is(await init(plain(CKM.CKM_AES_ECB), rsa.privateKey), 'CKR_MECHANISM_INVALID')
  t.is(await init(plain(CKM.CKM_ECDSA), rsa.privateKey), 'CKR_KEY_TYPE_INCONSISTENT')
  t.is(await init(plain(CKM.CKM_ECDSA), ec.publicKey), 'CKR_KEY_TYPE_INCONSISTENT')
  t.is(await init(plain(CKM.CKM_ECDSA), 1), 'CKR_KEY_HANDLE_INVALID')
  t.is(await init(plain(CKM.CKM_RSA_PKCS_PSS), rsa.privateKey), 'CKR_MECHANISM_PARAM_INVALID')
  t.is(
    await init({ type: CKM.CKM_SHA1_RSA_PKCS_PSS, parameter: pss('SHA-256') }, rsa.privateKey),
    'CKR_MECHANISM_PARAM_INVALID',
  )
  const long = { ...pss('SHA-256'), saltLength: 2 ** 32 + 32 } as MechanismParameter
  t.is(await init({ type: CKM.CKM_RSA_PKCS_PSS, parameter: long }, rsa.privateKey), 'CKR_MECHANISM_PARAM_INVALID')
  const strange = { _tag: 'other', fields: [1] } as const
  t.is(await init({ type: CKM.CKM_ECDSA, parameter: strange }, ec.privateKey), 'CKR_MECHANISM_PARAM_INVALID')
  await done(t, p11.C_SignInit(session, plain(CKM.CKM_ECDSA), silent.privateKey))
})

test('a key signs only when CKA_SIGN is true', async (t) => {
  const { p11, session } = await program(t)
  const key = await generateAes(t, p11, session)
  const { privateKey } = await done(
    t,
    p11.C_GenerateKeyPair(
      session,
      plain(CKM.CKM_EC_KEY_PAIR_GEN),
      [attribute('CKA_EC_PARAMS', Uint8Array.of(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7))],
      [],
    ),
  )
  t.is(await code(p11.C_SignInit(session, plain(CKM.CKM_ECDSA), privateKey)), 'CKR_KEY_FUNCTION_NOT_PERMITTED')
  t.is(await code(p11.C_SignInit(session, plain(CKM.CKM_SHA256_HMAC), key)), 'CKR_KEY_TYPE_INCONSISTENT')
})

test('one operation of a kind is active at a time, until it ends or is cancelled', async (t) => {
  const { p11, session } = await program(t)
  const { privateKey } = await generateEc(t, p11, session)
  const init = (mechanism: CallMechanism | undefined) => code(p11.C_SignInit(session, mechanism, privateKey))
  t.is(await code(p11.C_Sign(session, text('m'), ROOM)), 'CKR_OPERATION_NOT_INITIALIZED')
  t.is(await init(plain(CKM.CKM_ECDSA)), 'CKR_OK')
  t.is(await init(plain(CKM.CKM_ECDSA)), 'CKR_OPERATION_ACTIVE')
  t.is(await init(undefined), 'CKR_OK')
  t.is(await code(p11.C_Sign(session, text('m'), ROOM)), 'CKR_OPERATION_NOT_INITIALIZED')
  t.is(await init(plain(CKM.CKM_ECDSA_SHA256)), 'CKR_OK')
  t.is(await code(p11.C_SignUpdate(session, text('m'))), 'CKR_OK')
  t.is(await code(p11.C_Sign(session, text('m'), ROOM)), 'CKR_OPERATION_ACTIVE')
})

test('mechanisms for one part take no second one', async (t) => {
  const { p11, session } = await program(t)
  const { privateKey } = await generateEc(t, p11, session)
  await done(t, p11.C_SignInit(session, plain(CKM.CKM_ECDSA), privateKey))
  t.is(await code(p11.C_SignUpdate(session, text('m'))), 'CKR_MECHANISM_INVALID')
  t.is(await code(p11.C_SignFinal(session, ROOM)), 'CKR_OPERATION_NOT_INITIALIZED')
})

test('a failed operation is over', async (t) => {
  const { cluster, p11, session } = await program(t)
  const { privateKey } = await generateEc(t, p11, session)
  await done(t, p11.C_SignInit(session, plain(CKM.CKM_ECDSA), privateKey))
  cluster.failWith('CKR_DEVICE_ERROR')
  t.is(await code(p11.C_Sign(session, new Uint8Array(32), ROOM)), 'CKR_DEVICE_ERROR')
  cluster.failWith(undefined)
  t.is(await code(p11.C_Sign(session, new Uint8Array(32), ROOM)), 'CKR_OPERATION_NOT_INITIALIZED')
})

test('a signature of another length or over another message is told apart', async (t) => {
  const running = await program(t)
  const { p11, session } = running
  const { publicKey, privateKey } = await generateEc(t, p11, session)
  const mechanism = plain(CKM.CKM_ECDSA_SHA256)
  const signature = await signWhole(t, running, mechanism, privateKey, text('m'))
  const verdict = async (message: Uint8Array, given: Uint8Array) => {
    await done(t, p11.C_VerifyInit(session, mechanism, publicKey))
    return code(p11.C_Verify(session, message, given))
  }
  t.is(await verdict(text('m'), signature), 'CKR_OK')
  t.is(await verdict(text('n'), signature), 'CKR_SIGNATURE_INVALID')
  t.is(await verdict(text('m'), signature.slice(1)), 'CKR_SIGNATURE_LEN_RANGE')
})

test('HMAC takes as much as CloudHSM’s does, whole or in parts', async (t) => {
  const { p11, session } = await program(t)
  const key = await generateSecret(t, p11, session)
  const mechanism = plain(CKM.CKM_SHA384_HMAC)
  const whole = async (length: number) => {
    await done(t, p11.C_SignInit(session, mechanism, key))
    return code(p11.C_Sign(session, new Uint8Array(length), ROOM))
  }
  t.is(await whole(16_224), 'CKR_OK')
  t.is(await whole(16_225), 'CKR_DATA_LEN_RANGE')
  await done(t, p11.C_SignInit(session, mechanism, key))
  await done(t, p11.C_SignUpdate(session, new Uint8Array(16_224)))
  t.is(await code(p11.C_SignUpdate(session, new Uint8Array(1))), 'CKR_DATA_LEN_RANGE')
})

test('in FIPS mode ECDSA signs with no hash weaker than its curve, unless a setting says so', async (t) => {
  const init = async (settings: object, mode: 'FIPS' | 'NON_FIPS', type: number) => {
    const { p11, session } = await program(t, settings, { mode })
    const { privateKey } = await generateEc(t, p11, session, 'secp384r1')
    return code(p11.C_SignInit(session, plain(type), privateKey))
  }
  t.is(await init({}, 'FIPS', CKM.CKM_ECDSA_SHA256), 'CKR_MECHANISM_INVALID')
  t.is(await init({}, 'FIPS', CKM.CKM_ECDSA_SHA384), 'CKR_OK')
  t.is(await init({}, 'NON_FIPS', CKM.CKM_ECDSA_SHA256), 'CKR_OK')
  t.is(await init({ ecdsaWithWeakHashFunction: true }, 'FIPS', CKM.CKM_ECDSA_SHA256), 'CKR_OK')
})

const digestTypes = HASH_NAMES.map((name) => HASHES[name].mechanism)

testProp(
  'a digest is the same whole and in parts',
  [fc.constantFrom(...digestTypes), fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(400), { maxLength: 4 })],
  async (t, type, message, cuts) => {
    const { p11, session } = await program(t)
    await done(t, p11.C_DigestInit(session, plain(type)))
    const whole = await done(t, p11.C_Digest(session, message, ROOM))
    await done(t, p11.C_DigestInit(session, plain(type)))
    for (const part of partsOf(
      message,
      cuts.sort((a, b) => a - b),
    ))
      await done(t, p11.C_DigestUpdate(session, part))
    const length = await done(t, p11.C_DigestFinal(session, undefined))
    const inParts = await done(t, p11.C_DigestFinal(session, ROOM))
    t.deepEqual(inParts, whole)
    t.is(typeof whole === 'number' ? 0 : whole.length, Number(length))
  },
  { numRuns: 30 },
)

test('a digest needs no login and no HSM', async (t) => {
  const { cluster, p11, session } = await program(t)
  await done(t, p11.C_Logout(session))
  cluster.failWith('CKR_DEVICE_ERROR')
  await done(t, p11.C_DigestInit(session, plain(CKM.CKM_SHA256)))
  const digest = await done(t, p11.C_Digest(session, text('abc'), ROOM))
  t.is(
    typeof digest === 'number' ? '' : Buffer.from(digest).toString('hex'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  t.is(await code(p11.C_DigestInit(session, plain(CKM.CKM_ECDSA))), 'CKR_MECHANISM_INVALID')
  t.is(await code(p11.C_DigestInit(session, { type: CKM.CKM_SHA256, parameter: NO_PARAMETER })), 'CKR_OK')
})
