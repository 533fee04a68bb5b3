import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { ecParams } from '@hsmlab/crypto'
import { CKM, CKU, type Mechanism, NO_PARAMETER } from '@hsmlab/pkcs11'
import { type Call, CALLS, type CallName, type RequestOf } from '../../src/p11-kit/calls.ts'
import { type Dialect, DIALECTS, type Generation } from '../../src/p11-kit/dialect.ts'
import type { P11KitClient } from '../../src/p11-kit/index.ts'
import { attribute, code, newHouse, PIN, plain, READ_WRITE, SLOT } from '../support/program.ts'
import { values } from '../support/wire-arbitraries.ts'
import { connect } from '../support/wire.ts'

/** Calls that end the scene are rare among programs, and would be frequent here. */
const NAMES = (Object.keys(CALLS) as ReadonlyArray<CallName>).filter((name) => name !== 'C_Finalize')

const KINDS = ['Sign', 'Verify', 'Encrypt', 'Decrypt', 'Digest'] as const
type Kind = (typeof KINDS)[number]
type Keys = Readonly<{ publicKey: number; privateKey: number; aes: number }>

const isOf = (kind: Kind, name: CallName): boolean => new RegExp(`^C_${kind}(Init|Update|Final)?$`).test(name)

const iv = new Uint8Array(16)
const none = (type: number): Mechanism => ({ type, parameter: NO_PARAMETER })
const cipher: ReadonlyArray<Mechanism> = [
  none(CKM.CKM_AES_ECB),
  { type: CKM.CKM_AES_CBC, parameter: { _tag: 'iv', iv } },
  { type: CKM.CKM_AES_CBC_PAD, parameter: { _tag: 'iv', iv } },
  { type: CKM.CKM_AES_CTR, parameter: { _tag: 'ctr', counterBits: 3, counterBlock: iv } },
  { type: CKM.CKM_AES_GCM, parameter: { _tag: 'gcm', iv: new Uint8Array(12).fill(1), aad: iv, tagBits: 128 } },
]
const signature = [CKM.CKM_ECDSA, CKM.CKM_ECDSA_SHA256, CKM.CKM_ECDSA_SHA512].map(none)

/** What an operation of each kind begins with when it begins well. */
const GOOD: Readonly<Record<Kind, Readonly<{ key: keyof Keys; mechanisms: ReadonlyArray<Mechanism> }>>> = {
  Sign: { key: 'privateKey', mechanisms: signature },
  Verify: { key: 'publicKey', mechanisms: signature },
  Encrypt: { key: 'aes', mechanisms: cipher },
  Decrypt: { key: 'aes', mechanisms: cipher },
  Digest: { key: 'aes', mechanisms: [CKM.CKM_SHA_1, CKM.CKM_SHA512].map(none) },
}

const anyMechanism = fc
  .constantFrom(...Object.values(CKM))
  .filter((type) => type < 0x8000_0000)
  .map(none)

/** `luck` 0 and 1: the values are what they are; else handles and mechanisms are put where they belong. */
type Step = Readonly<{ name: CallName; values: ReadonlyArray<unknown>; like: Mechanism; luck: number }>

const step = (spoken: Dialect, kind: Kind): fc.Arbitrary<Step> =>
  fc
    .oneof(
      { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
      { weight: 3, arbitrary: fc.constantFrom(...NAMES.filter((name) => isOf(kind, name))) },
    )
    .chain((name) =>
      fc.record({
        name: fc.constant(name),
        values: values((CALLS[name] as unknown as Call).requestText, spoken),
        like: fc.oneof(anyMechanism, fc.constantFrom(...GOOD[kind].mechanisms)),
        luck: fc.nat(19),
      }),
    )

const likely = ({ values: given, like, luck }: Step, session: number, key: number) => {
  const handles = [session, key]
  return given.map((value) => {
    if (typeof value === 'number') return luck < 2 ? value : (handles.shift() ?? value)
    const isMechanism = typeof value === 'object' && value !== null && 'parameter' in value
    return isMechanism && luck >= 1 ? like : value
  })
}

const setUp = async (client: P11KitClient) => {
  const value = async <A>(answer: Promise<E.Either<unknown, A>>): Promise<A> => {
    const settled = await answer
    if (E.isLeft(settled)) throw new Error(JSON.stringify(settled.left))
    return settled.right
  }
  await value(client.initialize())
  const session = await value(client.call('C_OpenSession', [SLOT, READ_WRITE]))
  await value(client.call('C_Login', [session, CKU.CKU_USER, PIN.slice()]))
  const pair = await value(
    client.call('C_GenerateKeyPair', [
      session,
      plain(CKM.CKM_EC_KEY_PAIR_GEN),
      [attribute('CKA_EC_PARAMS', ecParams('secp256r1')), attribute('CKA_VERIFY', true)],
      [attribute('CKA_SIGN', true)],
    ]),
  )
  const aes = await value(
    client.call('C_GenerateKey', [
      session,
      plain(CKM.CKM_AES_KEY_GEN),
      [attribute('CKA_VALUE_LEN', 32), attribute('CKA_ENCRYPT', true), attribute('CKA_DECRYPT', true)],
    ]),
  )
  return { session, keys: { ...pair, aes } }
}

const scene = fc.tuple(fc.constantFrom<Generation>(0, 1, 2), fc.constantFrom(...KINDS)).chain(([generation, kind]) =>
  fc.record({
    generation: fc.constant(generation),
    kind: fc.constant(kind),
    steps: fc.array(step(DIALECTS[generation][0], kind), { maxLength: 40, size: 'max' }),
  }),
)

testProp(
  'no calls that a program can make hit a defect, and each is answered',
  [scene],
  async (t, { generation, kind, steps }) => {
    const { openConnection } = newHouse()
    const { client, wire } = connect(openConnection, generation)
    const { session, keys } = await setUp(client)
    for (const each of steps) {
      const given = likely(each, session, keys[GOOD[kind].key])
      await client.call(each.name, given as unknown as RequestOf<typeof each.name>)
    }
    t.deepEqual(
      wire.logger.lines.filter(({ message }) => message.includes('defect')),
      [],
    )
    t.is(await code(client.call('C_GetInfo', [])), 'CKR_OK')
  },
  { numRuns: 60 },
)
