import { fc, testProp } from '@fast-check/ava'
import test, { type ExecutionContext } from 'ava'
import { HASHES } from '@hsmlab/crypto'
import { CKM, CKZ } from '@hsmlab/pkcs11'
import { type CallMechanism, type CryptokiConnection, type Output } from '../src/index.ts'
import { counterAfter } from '../src/operations/block-stream.ts'
import { code, done, generateAes, generateRsa, plain, program, ROOM, text } from './support/program.ts'

const IV = Uint8Array.from({ length: 16 }, (_, i) => i)
const NONCE = Uint8Array.from({ length: 12 }, (_, i) => i + 1)
const cbc = (type: number): CallMechanism => ({ type, parameter: { _tag: 'iv', iv: IV } })
const ctr = (counterBits: number): CallMechanism => ({
  type: CKM.CKM_AES_CTR,
  parameter: { _tag: 'ctr', counterBits, counterBlock: new Uint8Array(16).fill(0xff) },
})
const gcm = (tagBits: number, iv = NONCE): CallMechanism => ({
  type: CKM.CKM_AES_GCM,
  parameter: { _tag: 'gcm', iv, aad: text('header'), tagBits },
})
const oaep = (source: number): CallMechanism => ({
  type: CKM.CKM_RSA_PKCS_OAEP,
  parameter: {
    _tag: 'oaep',
    hash: HASHES['SHA-256'].mechanism,
    mgf: HASHES['SHA-256'].mgf,
    source,
    sourceData: new Uint8Array(0),
  },
})

type Direction = 'Encrypt' | 'Decrypt'
type Running = Readonly<{ p11: CryptokiConnection; session: number }>

const bytes = (t: ExecutionContext, output: Output): Uint8Array =>
  typeof output === 'number' ? t.fail('there was room enough') : output

const whole = async (
  t: ExecutionContext,
  { p11, session }: Running,
  direction: Direction,
  mechanism: CallMechanism,
  key: number,
  input: Uint8Array,
) => {
  await done(t, p11[`C_${direction}Init`](session, mechanism, key))
  return bytes(t, await done(t, p11[`C_${direction}`](session, input, 1 << 20)))
}

const inParts = async (
  t: ExecutionContext,
  { p11, session }: Running,
  direction: Direction,
  mechanism: CallMechanism,
  key: number,
  parts: ReadonlyArray<Uint8Array>,
) => {
  await done(t, p11[`C_${direction}Init`](session, mechanism, key))
  const outputs: Uint8Array[] = []
  for (const part of parts) {
    const length = Number(await done(t, p11[`C_${direction}Update`](session, part, undefined)))
    outputs.push(bytes(t, await done(t, p11[`C_${direction}Update`](session, part, length))))
    t.is(outputs.at(-1)?.length, length)
  }
  outputs.push(bytes(t, await done(t, p11[`C_${direction}Final`](session, 16))))
  return new Uint8Array(Buffer.concat(outputs))
}

const cut = (message: Uint8Array, cuts: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const edges = [...cuts.map((each) => each % (message.length + 1)).sort((a, b) => a - b), message.length]
  return edges.map((edge, i) => message.slice(edges[i - 1] ?? 0, edge))
}

const streamed = [
  { name: 'CKM_AES_ECB', mechanism: plain(CKM.CKM_AES_ECB), aligned: true },
  { name: 'CKM_AES_CBC', mechanism: cbc(CKM.CKM_AES_CBC), aligned: true },
  { name: 'CKM_AES_CBC_PAD', mechanism: cbc(CKM.CKM_AES_CBC_PAD), aligned: false },
  { name: 'CKM_AES_CTR', mechanism: ctr(128), aligned: false },
] as const

for (const { name, mechanism, aligned } of streamed) {
  testProp(
    `${name} gives the same whole and in parts, and back`,
    [fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 5 })],
    async (t, data, cuts, otherCuts) => {
      const message = aligned ? data.slice(0, data.length - (data.length % 16)) : data
      const running = await program(t)
      const key = await generateAes(t, running.p11, running.session)
      const ciphertext = await whole(t, running, 'Encrypt', mechanism, key, message)
      t.deepEqual(await inParts(t, running, 'Encrypt', mechanism, key, cut(message, cuts)), ciphertext)
      t.deepEqual(await whole(t, running, 'Decrypt', mechanism, key, ciphertext), message)
      t.deepEqual(await inParts(t, running, 'Decrypt', mechanism, key, cut(ciphertext, otherCuts)), message)
    },
    { numRuns: 30 },
  )

  test(`${name} takes a message that no single HSM operation takes, in parts`, async (t) => {
    const running = await program(t)
    const key = await generateAes(t, running.p11, running.session, 16)
    const message = Uint8Array.from({ length: 50_000 - (50_000 % 16) }, (_, i) => i % 251)
    const ciphertext = await inParts(t, running, 'Encrypt', mechanism, key, [message])
    t.deepEqual(await inParts(t, running, 'Decrypt', mechanism, key, cut(ciphertext, [17_001, 33_333])), message)
  })
}

testProp(
  'a counter counts in its last bits only',
  [fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.integer({ min: 1, max: 128 }), fc.nat()],
  (t, block, bits, count) => {
    const number = (of: Uint8Array): bigint => BigInt(`0x${Buffer.from(of).toString('hex')}`)
    const period = 1n << BigInt(bits)
    const before = number(block)
    const expected = before - (before % period) + ((before + BigInt(count)) % period)
    t.is(number(counterAfter(block, bits, count)), expected)
  },
)

test('a counter that would come round is refused', async (t) => {
  const running = await program(t)
  const { p11, session } = running
  const key = await generateAes(t, p11, session)
  await done(t, p11.C_EncryptInit(session, ctr(1), key))
  await done(t, p11.C_EncryptUpdate(session, new Uint8Array(32), ROOM))
  t.is(await code(p11.C_EncryptUpdate(session, new Uint8Array(1), ROOM)), 'CKR_DATA_LEN_RANGE')
})

test('AES-GCM seals with the caller’s IV, and its tag tells what was changed', async (t) => {
  const running = await program(t)
  const key = await generateAes(t, running.p11, running.session)
  for (const tagBits of [64, 128]) {
    const sealed = await whole(t, running, 'Encrypt', gcm(tagBits), key, text('plain'))
    t.is(sealed.length, 5 + tagBits / 8)
    t.deepEqual(await whole(t, running, 'Decrypt', gcm(tagBits), key, sealed), text('plain'))
    sealed[0] = (sealed[0] ?? 0) ^ 1
    await done(t, running.p11.C_DecryptInit(running.session, gcm(tagBits), key))
    const result = await code(running.p11.C_Decrypt(running.session, sealed, ROOM))
    t.is(result, 'CKR_ENCRYPTED_DATA_INVALID')
  }
})

test('AES-GCM takes no parts, no IV of zeros, no other length of IV or tag', async (t) => {
  const { p11, session } = await program(t)
  const key = await generateAes(t, p11, session)
  await done(t, p11.C_EncryptInit(session, gcm(128), key))
  t.is(await code(p11.C_EncryptUpdate(session, text('m'), ROOM)), 'CKR_MECHANISM_INVALID')
  const init = (mechanism: CallMechanism) => code(p11.C_EncryptInit(session, mechanism, key))
  t.is(await init(gcm(128, new Uint8Array(12))), 'CKR_MECHANISM_PARAM_INVALID')
  t.is(await init(gcm(128, NONCE.slice(1))), 'CKR_MECHANISM_PARAM_INVALID')
  t.is(await init(gcm(0)), 'CKR_MECHANISM_PARAM_INVALID')
  t.is(await code(p11.C_DecryptInit(session, gcm(128, new Uint8Array(12)), key)), 'CKR_OK')
})

test('CKM_RSA_PKCS_OAEP decrypts what it encrypted, also for programs that leave the source out', async (t) => {
  const running = await program(t)
  const { publicKey, privateKey } = await generateRsa(t, running.p11, running.session)
  const ciphertext = await whole(t, running, 'Encrypt', oaep(CKZ.CKZ_DATA_SPECIFIED), publicKey, text('secret'))
  t.deepEqual(await whole(t, running, 'Decrypt', oaep(0), privateKey, ciphertext), text('secret'))
})

test('a plaintext that did not fit is decrypted once', async (t) => {
  const running = await program(t)
  const { cluster, p11, session } = running
  const { publicKey, privateKey } = await generateRsa(t, p11, session)
  const ciphertext = await whole(t, running, 'Encrypt', oaep(0), publicKey, text('secret'))
  await done(t, p11.C_DecryptInit(session, oaep(0), privateKey))
  const atMost = Number(await done(t, p11.C_Decrypt(session, ciphertext, undefined)))
  t.true(atMost >= 6 && atMost <= 256)
  t.is(cluster.calls.get('decrypt'), undefined)
  t.is(await done(t, p11.C_Decrypt(session, ciphertext, 5)), 6)
  t.deepEqual(await done(t, p11.C_Decrypt(session, ciphertext, 6)), text('secret'))
  t.is(cluster.calls.get('decrypt'), 1)
})

test('the end of a padded message that did not fit is decrypted once', async (t) => {
  const running = await program(t)
  const { cluster, p11, session } = running
  const key = await generateAes(t, p11, session)
  const mechanism = cbc(CKM.CKM_AES_CBC_PAD)
  const ciphertext = await whole(t, running, 'Encrypt', mechanism, key, text('0123456789'))
  await done(t, p11.C_DecryptInit(session, mechanism, key))
  t.deepEqual(await done(t, p11.C_DecryptUpdate(session, ciphertext, ROOM)), new Uint8Array(0))
  t.is(await done(t, p11.C_DecryptFinal(session, 4)), 10)
  t.deepEqual(await done(t, p11.C_DecryptFinal(session, 10)), text('0123456789'))
  t.is(cluster.calls.get('decrypt'), 1)
})

test('messages that are no whole blocks, and too long ones, are refused', async (t) => {
  const { p11, session } = await program(t)
  const key = await generateAes(t, p11, session)
  const encrypt = async (mechanism: CallMechanism, length: number) => {
    await done(t, p11.C_EncryptInit(session, mechanism, key))
    return code(p11.C_Encrypt(session, new Uint8Array(length), 1 << 20))
  }
  const decrypt = async (mechanism: CallMechanism, length: number) => {
    await done(t, p11.C_DecryptInit(session, mechanism, key))
    return code(p11.C_Decrypt(session, new Uint8Array(length), 1 << 20))
  }
  t.is(await encrypt(cbc(CKM.CKM_AES_CBC), 17), 'CKR_DATA_LEN_RANGE')
  t.is(await encrypt(plain(CKM.CKM_AES_ECB), 15), 'CKR_DATA_LEN_RANGE')
  t.is(await decrypt(cbc(CKM.CKM_AES_CBC_PAD), 15), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
  t.is(await decrypt(cbc(CKM.CKM_AES_CBC_PAD), 0), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
  t.is(await decrypt(gcm(128), 15), 'CKR_ENCRYPTED_DATA_LEN_RANGE')
  t.is(await encrypt(cbc(CKM.CKM_AES_CBC), 16_272), 'CKR_OK')
  t.is(await encrypt(cbc(CKM.CKM_AES_CBC), 16_288), 'CKR_DATA_LEN_RANGE')
  t.is(await encrypt(gcm(128), 16_225), 'CKR_DATA_LEN_RANGE')
})

test('unfinished blocks at the end are refused', async (t) => {
  const { p11, session } = await program(t)
  const key = await generateAes(t, p11, session)
  await done(t, p11.C_EncryptInit(session, cbc(CKM.CKM_AES_CBC), key))
  await done(t, p11.C_EncryptUpdate(session, new Uint8Array(20), ROOM))
  t.is(await code(p11.C_EncryptFinal(session, ROOM)), 'CKR_DATA_LEN_RANGE')
  t.is(await code(p11.C_EncryptFinal(session, ROOM)), 'CKR_OPERATION_NOT_INITIALIZED')
})

test('a failed decryption is over, and the session may begin another', async (t) => {
  const { p11, session } = await program(t)
  const key = await generateAes(t, p11, session)
  await done(t, p11.C_DecryptInit(session, gcm(128), key))
  t.is(await code(p11.C_Decrypt(session, new Uint8Array(40), ROOM)), 'CKR_ENCRYPTED_DATA_INVALID')
  t.is(await code(p11.C_DecryptInit(session, gcm(128), key)), 'CKR_OK')
})

test('in FIPS mode CKM_RSA_PKCS signs and does not encrypt', async (t) => {
  const init = async (mode: 'FIPS' | 'NON_FIPS') => {
    const { p11, session } = await program(t, {}, { mode })
    const { publicKey } = await generateRsa(t, p11, session)
    return code(p11.C_EncryptInit(session, plain(CKM.CKM_RSA_PKCS), publicKey))
  }
  t.is(await init('FIPS'), 'CKR_MECHANISM_INVALID')
  t.is(await init('NON_FIPS'), 'CKR_OK')
})
