import { randomBytes } from 'node:crypto'
import type { NatsConnection } from 'nats'
import { channel, type CryptoEngine, handshake } from '@hsmlab/crypto'
import type { ClusterId, HsmId } from '@hsmlab/domain'
import { type Base64, fromBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { CKM, CKR, NO_PARAMETER } from '@hsmlab/pkcs11'
import {
  CHANNEL_ID_SIZE,
  channelPrologue,
  decodeReplies,
  encodeCryptoRequest,
  encodePasswordRequest,
  encodeRequests,
  OPERATION,
  type OperationName,
  PROXY_ID_SIZE,
  type SessionReply,
  subjects,
} from '@hsmlab/protocol'
import { until } from '../patience.ts'

const NAMESPACE = 'hsmlab'
const at = (subject: string): string => `${NAMESPACE}.${subject}`
const REQUEST = { timeout: 10_000 }

/** Sessions whose numbers may be somebody else's, beside the stranger's own. */
const GUESSES = 16

/** What a client may do that is not logged in. */
const FOR_ANYBODY: ReadonlySet<OperationName> = new Set([
  'openSession',
  'closeSession',
  'logout',
  'endTag',
  'hsmInfo',
  'membership',
  'listUsers',
  'keyDigest',
])

const CRYPTO: ReadonlySet<OperationName> = new Set(['sign', 'verify', 'encrypt', 'decrypt'])
const WITH_PASSWORD: ReadonlySet<OperationName> = new Set(['changePassword', 'createUser'])

/** A body that the operation's codec takes; those in JSON get the members of every request. */
const bodyOf = (operation: OperationName, handle: number): Uint8Array => {
  if (CRYPTO.has(operation)) {
    const mechanism = { type: CKM.CKM_ECDSA, parameter: NO_PARAMETER }
    return encodeCryptoRequest({ handle, mechanism, input: randomBytes(32), signature: randomBytes(64) })
  }
  if (WITH_PASSWORD.has(operation)) {
    const password = utf8Bytes('invented1')
    return encodePasswordRequest({ commandId: 'invented', role: 'crypto-user', username: 'user1', password })
  }
  return utf8Bytes(
    JSON.stringify({
      application: 'stranger',
      commandId: 'invented',
      username: 'user1',
      role: 'crypto-user',
      handle,
      tag: 1,
      mechanism: 0x1080,
      sharedWith: [],
      template: {},
      filter: {},
      after: 0,
      limit: 100,
    }),
  )
}

/**
 * Anybody may shake hands with an HSM, and is then where a client is that has not logged in. Asks for everything, in
 * sessions of its own and of others; resolves to what was done for it that needs a login.
 */
export const askWithoutLogin = async (
  nats: NatsConnection,
  engine: CryptoEngine,
  clusterId: ClusterId,
  hsmId: HsmId,
  handle: number,
): Promise<Readonly<{ refused: number; done: ReadonlyArray<string> }>> => {
  const told = await nats.request(at(subjects.hello(hsmId)), new Uint8Array(0), REQUEST)
  const { staticKey } = told.json<Readonly<{ staticKey: Base64 }>>()
  const shake = handshake(engine, {
    pattern: 'NK',
    role: 'initiator',
    prologue: utf8Bytes(channelPrologue(clusterId, hsmId)),
    remoteStatic: fromBase64(staticKey),
  })
  const proxyId = randomBytes(PROXY_ID_SIZE)
  const first = Buffer.concat([proxyId, shake.write(new Uint8Array(0)) ?? Buffer.alloc(0)])
  const { data } = await nats.request(at(subjects.handshake(hsmId)), first, REQUEST)
  shake.read(data.slice(CHANNEL_ID_SIZE))
  const keys = shake.result()
  if (keys === undefined) throw new Error('the HSM does not shake hands')
  const header = data.slice(0, CHANNEL_ID_SIZE)
  const cipher = channel(engine, keys)
  const replies = new Map<number, SessionReply>()
  const listening = nats.subscribe(at(subjects.proxyFrames(proxyId.toString('hex'))), {
    callback: (error, frame) => {
      if (error !== null) return
      const plaintext = cipher.open(Buffer.from(frame.data.subarray(CHANNEL_ID_SIZE)), header)
      for (const reply of (plaintext === undefined ? undefined : decodeReplies(plaintext)) ?? []) {
        replies.set(reply.requestId, { ...reply, body: reply.body.slice() })
      }
    },
  })
  const asked = new Map<number, OperationName>()
  const ask = (operation: OperationName, session: number): void => {
    const requestId = asked.size + 1
    asked.set(requestId, operation)
    const row = { requestId, operation: OPERATION[operation], session, body: bodyOf(operation, handle) }
    nats.publish(at(subjects.hsmFrames(hsmId)), Buffer.concat([header, cipher.seal(encodeRequests([row]), header)]))
  }
  ask('openSession', 0)
  const [opened] = await until(
    async () => [...replies.values()].filter(({ requestId }) => requestId === 1),
    (found) => found.length > 0,
  )
  const { session } = JSON.parse(Buffer.from(opened?.body ?? '').toString()) as Readonly<{ session: number }>
  const operations = (Object.keys(OPERATION) as ReadonlyArray<OperationName>).filter(
    (operation) => operation !== 'beat' && operation !== 'openSession',
  )
  for (let guess = 0; guess <= GUESSES; guess += 1) {
    // Its own session last, for it ends on the way.
    for (const operation of operations) ask(operation, guess === GUESSES ? session : session - 1 - guess)
  }
  await until(
    async () => replies.size,
    (count) => count > asked.size,
  )
  listening.unsubscribe()
  const done = [...asked].flatMap(([requestId, operation]) =>
    replies.get(requestId)?.ckr === CKR.CKR_OK && !FOR_ANYBODY.has(operation) ? [operation] : [],
  )
  return { refused: [...replies.values()].filter(({ ckr }) => ckr !== CKR.CKR_OK).length, done }
}
