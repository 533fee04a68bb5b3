import type * as t from 'io-ts'
import * as E from 'fp-ts/lib/Either.js'
import { ecParams } from '@hsmlab/crypto'
import { decodeHsmFact, type HsmEvent } from '@hsmlab/domain'
import { canonicalJson, fromBase64, type Json, toBase64, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { CKM, CKR, nameOf, NO_PARAMETER } from '@hsmlab/pkcs11'
import { subject } from '@hsmlab/ports'
import {
  encodeCryptoRequest,
  encodePasswordRequest,
  HsmHello,
  JSON_OPERATIONS,
  type JsonOperationName,
  OPERATION,
  type ReplyOf,
  type RequestOf,
  type Role,
  type SessionReply,
  subjects,
} from '@hsmlab/protocol'
import { payloadOf } from '../../src/event-store/record.ts'
import type { RealCluster } from '../client/real-cluster.ts'
import { shakeHands } from './shake-hands.ts'

/** A reply as a test reads it: `ckr` by its name, the body decoded. */
export type Told<A> = Readonly<{ ckr: string; hsmReturn: number; reply: A | undefined; message: string }>

const nothing = (): undefined => undefined

const parse = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(utf8Text(body) ?? '')
  } catch {
    return undefined
  }
}

const codecsOf = <Name extends JsonOperationName>(name: Name) =>
  JSON_OPERATIONS[name] as unknown as Readonly<{
    request: t.Type<RequestOf<Name>, unknown>
    reply: t.Type<ReplyOf<Name>, unknown>
  }>

let commands = 0
/** A command id that was not given before. */
export const freshId = () => `test-${commands++}` as RequestOf<'deleteUser'>['commandId']

/** A channel to one HSM with nothing of a client behind it: it sends what a test says, and nothing by itself. */
export const rawChannel = async (cluster: RealCluster, zone: number) => {
  const { bus, settled } = cluster
  const hsmId = cluster.hsmIds[zone] ?? 'hsm-none'
  const answered = await settled(bus.request(subject(subjects.hello(hsmId)), new Uint8Array(0), 1000)())
  const hello = HsmHello.decode(E.isRight(answered) ? parse(answered.right) : undefined)
  if (E.isLeft(hello)) throw new Error('the HSM says no hello')
  const { clusterId, staticKey } = hello.right
  const channel = await shakeHands(cluster, { clusterId, hsmId, staticKey: fromBase64(staticKey) })
  if (channel === undefined) throw new Error('the HSM takes no channel')
  const { post } = channel

  const told =
    <A>(read: (body: Uint8Array) => A | undefined) =>
    ({ ckr, hsmReturn, body }: SessionReply): Told<A> => ({
      ckr: nameOf(CKR, ckr),
      hsmReturn,
      reply: ckr === 0 ? read(body) : undefined,
      message: ckr === 0 ? '' : (utf8Text(body) ?? ''),
    })

  /** Sends a JSON operation now. */
  const json = <Name extends JsonOperationName>(
    name: Name,
    session: number,
    request: RequestOf<Name>,
  ): Promise<Told<ReplyOf<Name>>> => {
    const codecs = codecsOf(name)
    const body = utf8Bytes(canonicalJson(codecs.request.encode(request) as Json))
    return post(OPERATION[name], session, body).then(
      told((bytes) => {
        const decoded = codecs.reply.decode(bytes.length === 0 ? {} : parse(bytes))
        return E.isRight(decoded) ? decoded.right : undefined
      }),
    )
  }
  const withPassword = (
    operation: 'login' | 'createUser' | 'changePassword',
    session: number,
    role: Role,
    username: string,
    password = 'password1',
    commandId: string = freshId(),
  ) => {
    const body = encodePasswordRequest({ commandId, role, username, password: utf8Bytes(password) })
    return post(OPERATION[operation], session, body).then(told(nothing))
  }
  const sign = (session: number, handle: number, message = utf8Bytes('to be signed')) => {
    const mechanism = { type: CKM.CKM_ECDSA_SHA256, parameter: NO_PARAMETER }
    const body = encodeCryptoRequest({ handle, mechanism, input: message, signature: new Uint8Array(0) })
    return post(OPERATION.sign, session, body).then(told((bytes) => bytes))
  }

  const openSession = async (): Promise<number> =>
    (await settled(json('openSession', 0, { application: 'raw' }))).reply?.session ?? 0

  /** A session on which the user is logged in. */
  const loggedIn = async (role: Role = 'crypto-user', username = 'user1', password = 'password1') => {
    const session = await openSession()
    const { ckr } = await settled(withPassword('login', session, role, username, password))
    if (ckr !== 'CKR_OK') throw new Error(ckr)
    return session
  }

  const CURVE = toBase64(ecParams('secp256r1'))
  const pairRequest = (isToken = true, commandId = freshId()): RequestOf<'generateKeyPair'> => ({
    commandId,
    tag: isToken ? 0 : 7,
    mechanism: CKM.CKM_EC_KEY_PAIR_GEN,
    sharedWith: [],
    publicTemplate: { CKA_TOKEN: isToken, CKA_EC_PARAMS: CURVE, CKA_VERIFY: true },
    privateTemplate: { CKA_TOKEN: isToken, CKA_SIGN: true },
  })
  const rsaRequest = (isToken = true): RequestOf<'generateKeyPair'> => ({
    ...pairRequest(isToken),
    mechanism: CKM.CKM_RSA_PKCS_KEY_PAIR_GEN,
    publicTemplate: {
      CKA_TOKEN: isToken,
      CKA_MODULUS_BITS: 2048,
      CKA_PUBLIC_EXPONENT: toBase64(Uint8Array.of(1, 0, 1)),
      CKA_VERIFY: true,
    },
  })
  const aesRequest = (isToken = true, commandId = freshId()): RequestOf<'generateKey'> => ({
    commandId,
    tag: isToken ? 0 : 7,
    mechanism: CKM.CKM_AES_KEY_GEN,
    sharedWith: [],
    template: { CKA_TOKEN: isToken, CKA_VALUE_LEN: 32 },
  })
  const makePair = async (session: number, isToken = true) => {
    const made = await settled(json('generateKeyPair', session, pairRequest(isToken)))
    if (made.reply === undefined) throw new Error(made.ckr)
    return made.reply
  }

  return {
    ...channel,
    hsmId,
    json,
    withPassword,
    sign,
    openSession,
    loggedIn,
    pairRequest,
    aesRequest,
    rsaRequest,
    makePair,
  }
}

export type RawChannel = Awaited<ReturnType<typeof rawChannel>>

/** The events of an HSM's log as they lie on the disk. */
export const loggedEvents = async (cluster: RealCluster, zone: number): Promise<ReadonlyArray<HsmEvent>> => {
  const events: HsmEvent[] = []
  await cluster.hsms[zone]?.store.read(0, Infinity, (_position, record) => {
    const fact = decodeHsmFact(payloadOf(record))
    if (E.isRight(fact)) events.push(fact.right.event)
  })()
  return events
}
