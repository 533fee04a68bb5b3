import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { CKA, CKM, CKU, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { Generation } from '../../src/p11-kit/dialect.ts'
import { DIALECTS } from '../../src/p11-kit/dialect.ts'
import { ckrValue } from '../../src/p11-kit/return-value.ts'
import { attribute, code, done, newHouse, PIN, plain, READ_WRITE, SLOT, text } from '../support/program.ts'
import { connect, serve } from '../support/wire.ts'

const GENERATIONS: ReadonlyArray<Generation> = [0, 1, 2]

/** A frame of a client library: code, no options, body. */
const frame = (of: number, body: ReadonlyArray<number> | Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(12 + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, of)
  view.setUint32(8, body.length)
  bytes.set(body, 12)
  return bytes
}

/** The body of a call: number, signature text, values. */
const body = (number: number, signature: string, values: ReadonlyArray<number> = []): ReadonlyArray<number> => [
  0,
  0,
  0,
  number,
  0,
  0,
  0,
  signature.length,
  ...text(signature),
  ...values,
]

const errorFrame = (of: number, name: Parameters<typeof ckrValue>[0]): Uint8Array =>
  frame(of, body(0, 'u', [0, 0, 0, 0, 0, 0, 0, ckrValue(name)]))

for (const generation of GENERATIONS) {
  test(`a client library that sends ${generation} signs and verifies`, async (t) => {
    const { openConnection } = newHouse()
    const { client } = connect(openConnection, generation)
    await done(t, client.initialize())
    t.is(client.negotiated(), generation)
    const session = await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE]))
    await done(t, client.call('C_Login', [session, CKU.CKU_USER, PIN.slice()]))
    const { publicKey, privateKey } = await done(
      t,
      client.call('C_GenerateKeyPair', [
        session,
        plain(CKM.CKM_EC_KEY_PAIR_GEN),
        [
          attribute('CKA_EC_PARAMS', Uint8Array.of(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7)),
          attribute('CKA_VERIFY', true),
        ],
        [attribute('CKA_SIGN', true), attribute('CKA_DESTROYABLE', true)],
      ]),
    )
    await done(t, client.call('C_SignInit', [session, plain(CKM.CKM_ECDSA_SHA256), privateKey]))
    t.is(await done(t, client.call('C_Sign', [session, text('m'), undefined])), 64)
    const signature = await done(t, client.call('C_Sign', [session, text('m'), 64]))
    if (typeof signature === 'number') return t.fail('there was room enough')
    await done(t, client.call('C_VerifyInit', [session, plain(CKM.CKM_ECDSA_SHA256), publicKey]))
    t.is(await code(client.call('C_Verify', [session, text('m'), signature])), 'CKR_OK')
    const rooms = [CKA.CKA_LABEL, CKA.CKA_DESTROYABLE, CKA.CKA_VALUE].map((type) => ({ type, room: 8 }))
    const { attributes, code: result } = await done(t, client.call('C_GetAttributeValue', [session, privateKey, rooms]))
    t.is(result, 'CKR_ATTRIBUTE_SENSITIVE')
    t.deepEqual(
      attributes.map(({ value }) => value),
      [new Uint8Array(0), Uint8Array.of(1), undefined],
    )
    t.is(await code(client.call('C_Finalize', [])), 'CKR_OK')
  })
}

test('a library newer than we know gets the highest byte that we know', (t) => {
  const { receiver, sent } = serve(newHouse().openConnection)
  receiver.receive(Uint8Array.of(9))
  t.deepEqual(sent, [Uint8Array.of(2)])
})

test('a library whose byte was lowered is understood by its encoding', async (t) => {
  for (const generation of [0, 1] as const) {
    const { openConnection } = newHouse()
    const { client } = connect(openConnection, generation, DIALECTS[2][0])
    await done(t, client.initialize())
    const session = await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE]))
    await done(t, client.call('C_Login', [session, CKU.CKU_USER, PIN.slice()]))
    const template = [attribute('CKA_VALUE_LEN', 16), attribute('CKA_ENCRYPT', true)]
    const key = await done(t, client.call('C_GenerateKey', [session, plain(CKM.CKM_AES_KEY_GEN), template]))
    const cbc = { type: CKM.CKM_AES_CBC, parameter: { _tag: 'iv', iv: new Uint8Array(16) } } as const
    t.is(await code(client.call('C_EncryptInit', [session, cbc, key])), 'CKR_OK')
  }
})

test('the first call must carry the protocol’s own word', async (t) => {
  const { client } = connect(newHouse().openConnection, 0)
  t.is(await code(client.call('C_Initialize', [text('something else'), 0, text('')])), 'CKR_GENERAL_ERROR')
})

test('lists that do not fit are their count', async (t) => {
  const { client } = connect(newHouse().openConnection, 0)
  await done(t, client.initialize())
  t.is(await done(t, client.call('C_GetSlotList', [1, undefined])), 1)
  t.deepEqual(await done(t, client.call('C_GetSlotList', [1, 4])), [SLOT])
  const count = await done(t, client.call('C_GetMechanismList', [SLOT, 2]))
  t.true(typeof count === 'number' && count > 2)
})

test('calls that CloudHSM’s library does not have are CKR_FUNCTION_NOT_SUPPORTED', async (t) => {
  const { client } = connect(newHouse().openConnection, 2)
  await done(t, client.initialize())
  const session = await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE]))
  const calls = [
    client.call('C_GetOperationState', [session, undefined]),
    client.call('C_SeedRandom', [session, text('seed')]),
    client.call('C_WaitForSlotEvent', [1]),
    client.call('C_CopyObject', [session, 1, []]),
    client.call('C_SetPIN', [session, text('a'), text('b')]),
    client.call('C_InitToken2', [SLOT, text('a'), 'label']),
    client.call('C_DeriveKey2', [session, { type: CKM.CKM_ECDSA, parameter: NO_PARAMETER }, 1, []]),
    client.call('C_SessionCancel', [session, 0]),
  ]
  for (const call of calls) t.is(await code(call), 'CKR_FUNCTION_NOT_SUPPORTED')
})

test('a call number of no library is CKR_FUNCTION_NOT_SUPPORTED', (t) => {
  const { receiver, sent } = serve(newHouse().openConnection)
  receiver.receive(Uint8Array.of(0, ...frame(16, body(90, 'u'))))
  t.deepEqual(sent[1], errorFrame(16, 'CKR_FUNCTION_NOT_SUPPORTED'))
})

test('a vendor’s mechanism is CKR_MECHANISM_INVALID, whatever follows it', (t) => {
  const { receiver, sent } = serve(newHouse().openConnection)
  const session = [0, 0, 0, 0, 0, 0, 0, 1]
  receiver.receive(Uint8Array.of(2, ...frame(16, body(42, 'uMu', [...session, 0x80, 0, 0x10, 0x87, 1, 2, 3]))))
  t.deepEqual(sent[1], errorFrame(16, 'CKR_MECHANISM_INVALID'))
})

test('a body that cannot be decoded is CKR_DEVICE_ERROR, and the connection goes on', async (t) => {
  const { client, wire } = connect(newHouse().openConnection, 0)
  const { receiver, sent, logger } = wire
  receiver.receive(frame(90, []))
  receiver.receive(frame(91, body(13, 'uu', [1])))
  receiver.receive(frame(92, body(13, 'u', [1])))
  receiver.receive(frame(93, body(3, '', [1])))
  t.deepEqual(
    sent.slice(1),
    [90, 91, 92, 93].map((of) => errorFrame(of, 'CKR_DEVICE_ERROR')),
  )
  t.is(await code(client.initialize()), 'CKR_OK')
  receiver.closed()
  t.deepEqual(
    logger.lines.map(({ message, fields }) => [message, fields]),
    [
      ['a PKCS#11 request could not be decoded', { bytes: 0 }],
      ['PKCS#11 requests could not be decoded', { requests: 4 }],
    ],
  )
})

test('a stream that is no stream of frames is dropped, and what was open is ended', async (t) => {
  const { cluster, openConnection } = newHouse()
  const { client, wire } = connect(openConnection, 0)
  await done(t, client.initialize())
  await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE]))
  wire.receiver.receive(frame(0, [1, 2, 3]))
  t.true(wire.state.closed)
  await Promise.resolve()
  t.is(cluster.calls.get('close'), 1)
  const before = wire.sent.length
  wire.receiver.receive(frame(16, body(3, '')))
  t.is(wire.sent.length, before)
})

test('one program’s garbage harms no other program', async (t) => {
  const { openConnection } = newHouse()
  const good = connect(openConnection, 0)
  await done(t, good.client.initialize())
  const bad = serve(openConnection)
  bad.receiver.receive(Uint8Array.of(0, ...frame(0, [])))
  t.is(await code(good.client.call('C_GetInfo', [])), 'CKR_OK')
})

testProp('random bytes never throw', [fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 })], (t, chunks) => {
  const { receiver } = serve(newHouse().openConnection)
  t.notThrows(() => {
    for (const chunk of chunks) receiver.receive(chunk)
    receiver.closed()
  })
})

testProp(
  'framed random bytes are always answered, and the library behind lives on',
  [fc.array(fc.tuple(fc.integer({ min: 1, max: 89 }), fc.uint8Array({ maxLength: 60 })), { maxLength: 8 })],
  async (t, bodies) => {
    const { client, wire } = connect(newHouse().openConnection, 1)
    await done(t, client.initialize())
    const before = wire.sent.length
    for (const [number, rest] of bodies) wire.receiver.receive(frame(1_000, [0, 0, 0, number, ...rest]))
    t.is(wire.sent.length, before + bodies.length)
    t.is(await code(client.call('C_GetSlotList', [1, 1])), 'CKR_OK')
  },
)

test('slow calls of one session do not hold up those of another', async (t) => {
  const { cluster, openConnection } = newHouse()
  const { client } = connect(openConnection, 0)
  await done(t, client.initialize())
  const sessions = [
    await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE])),
    await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE])),
  ] as const
  const order: string[] = []
  const slow = client.call('C_Login', [sessions[0], CKU.CKU_USER, PIN.slice()]).then(() => order.push('slow'))
  const fast = client.call('C_GetSessionInfo', [sessions[1]]).then(() => order.push('fast'))
  await Promise.all([slow, fast])
  t.deepEqual(order, ['fast', 'slow'])
  t.is(cluster.calls.get('login'), 1)
})

test('a PIN is wiped from the frame it came in', (t) => {
  const { receiver } = serve(newHouse().openConnection)
  const session = [0, 0, 0, 0, 0, 0, 0, 1]
  const login = frame(16, body(18, 'uuay', [...session, ...session, 1, 0, 0, 0, PIN.length, ...PIN]))
  receiver.receive(Uint8Array.of(0))
  receiver.receive(login)
  t.deepEqual(login.slice(-PIN.length), new Uint8Array(PIN.length))
})

test('a program that asks more than it listens is read no further until it is answered', async (t) => {
  const { client, wire } = connect(newHouse().openConnection, 0)
  await done(t, client.initialize())
  const session = await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE]))
  const answers = Array.from({ length: 1_100 }, () => client.call('C_GenerateRandom', [session, 8]))
  t.true(wire.state.paused)
  await Promise.all(answers)
  t.false(wire.state.paused)
})

test('a program that is gone is no longer answered', async (t) => {
  const { client, wire } = connect(newHouse().openConnection, 0)
  await done(t, client.initialize())
  const session = await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE]))
  void client.call('C_GenerateRandom', [session, 8])
  const before = wire.sent.length
  wire.receiver.closed()
  await new Promise(setImmediate)
  t.is(wire.sent.length, before)
})

test('to 0.24 a question for a template is CKR_ATTRIBUTE_TYPE_INVALID: its answer could not be read', async (t) => {
  const ask = async (generation: Generation) => {
    const { client } = connect(newHouse().openConnection, generation)
    await done(t, client.initialize())
    const session = await done(t, client.call('C_OpenSession', [SLOT, READ_WRITE]))
    await done(t, client.call('C_Login', [session, CKU.CKU_USER, PIN.slice()]))
    const template = [attribute('CKA_VALUE_LEN', 16)]
    const key = await done(t, client.call('C_GenerateKey', [session, plain(CKM.CKM_AES_KEY_GEN), template]))
    const rooms = [{ type: CKA.CKA_WRAP_TEMPLATE, room: undefined }]
    return client.call('C_GetAttributeValue', [session, key, rooms])
  }
  t.is(await code(ask(0)), 'CKR_ATTRIBUTE_TYPE_INVALID')
  const { attributes, code: result } = await done(t, ask(1))
  t.deepEqual(attributes, [{ type: CKA.CKA_WRAP_TEMPLATE, length: undefined, value: undefined }])
  t.is(result, 'CKR_ATTRIBUTE_TYPE_INVALID')
})
