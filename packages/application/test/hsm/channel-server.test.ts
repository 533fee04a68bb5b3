import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { CKR, nameOf } from '@hsmlab/pkcs11'
import { subject } from '@hsmlab/ports'
import { memoryBus, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import { encodePasswordRequest, OPERATION, type SessionReply, type SessionRequest, subjects } from '@hsmlab/protocol'
import {
  type ChannelServerPart,
  PROOF_MILLIS,
  PROXY_TIMEOUT_MILLIS,
  serveChannels,
} from '../../src/hsm/channel-server.ts'
import type { HsmEnv } from '../../src/hsm/hsm-env.ts'
import type { Answer } from '../../src/hsm/reply.ts'
import { handshakeMessage, shakeHands } from './shake-hands.ts'

const HSM = 'hsm-aaaaaaaaaaa'
const CLUSTER = 'cluster-aaaaaaaaaaa'
const empty = new Uint8Array(0)

const lab = (part: Partial<ChannelServerPart> = {}) => {
  const clock = virtualClock({ settle: () => new Promise((resolve) => void setImmediate(resolve)) })
  const bus = memoryBus({ clock })
  const random = seededRandom('channels')
  const engine = nobleEngine({ random })
  const staticKey = engine.x25519.generate()
  const ended: string[] = []
  const asked: SessionRequest[] = []
  const channels: string[] = []
  const inUse = new Set<string>()
  const answer = (channelId: string, request: SessionRequest): Answer => {
    channels.push(channelId)
    asked.push({ ...request, body: request.body.slice() })
    return E.right(request.body.slice())
  }
  const server = serveChannels({ bus, clock, random, engine, logger: memoryLogger() } as unknown as HsmEnv, {
    clusterId: CLUSTER,
    hsmId: HSM,
    eniIp: '10.0.0.10',
    staticKey,
    hello: () => empty,
    answer,
    beat: () => ({ membershipVersion: 1, position: 1, serving: true, outstanding: 0 }),
    isInUse: (id) => inUse.has(id),
    ended: (id) => void ended.push(id),
    ...part,
  })
  const settled = async <A>(promise: Promise<A>): Promise<A> => {
    let done = false
    const watch = async (): Promise<void> => {
      await promise
      done = true
    }
    void watch()
    for (let i = 0; i < 2000 && !done; i += 1) await clock.advance(1)
    if (!done) throw new Error('no answer')
    return promise
  }
  const named = { clusterId: CLUSTER, hsmId: HSM, staticKey: staticKey.publicKey }
  const connect = async () => shakeHands({ bus, engine, settled }, named)
  const connected = async () => {
    const made = await connect()
    if (made === undefined) throw new Error('the HSM takes no channel')
    return made
  }
  const replay = () => handshakeMessage({ bus, engine, settled }, named)
  return { bus, clock, server, settled, connect, connected, replay, ended, asked, channels, inUse }
}

const ckrOf = ({ ckr }: SessionReply): string => nameOf(CKR, ckr)

test('handshakes that are repeated take no place from those who speak, and none for long', async (t) => {
  const { bus, clock, settled, connected, replay, channels, ended } = lab({ channelsMax: 4 })
  const honest = await connected()
  await settled(honest.post(OPERATION.random, 1, empty))
  const heard = replay()
  for (let i = 0; i < 10; i += 1) await settled(bus.request(subject(subjects.handshake(HSM)), heard, 1000)())
  t.is(ckrOf(await settled(honest.post(OPERATION.random, 1, empty))), 'CKR_OK')
  const late = await connected()
  t.is(ckrOf(await settled(late.post(OPERATION.random, 1, empty))), 'CKR_OK')
  t.false(ended.includes(channels[0] ?? ''))
  await clock.advance(PROOF_MILLIS + 100)
  t.is(ended.length, 10)
})

test('a newcomer gets the place of whoever has been silent longest, but of nobody who is logged in', async (t) => {
  const { settled, connect, connected, channels, ended, inUse, clock } = lab({ channelsMax: 3 })
  const names: string[] = []
  for (let i = 0; i < 3; i += 1) {
    await settled((await connected()).post(OPERATION.random, 1, empty))
    names.push(channels.at(-1) ?? '')
    await clock.advance(10)
  }
  inUse.add(names[0] ?? '')
  await settled((await connected()).post(OPERATION.random, 1, empty))
  t.deepEqual(ended, [names[1]])
  for (const name of channels) inUse.add(name)
  t.is(await connect(), undefined)
})

test('a proxy that has not shown itself hears nothing', async (t) => {
  const { clock, connected, settled } = lab()
  const silent = await connected()
  await clock.advance(500)
  t.is(silent.frameSizes.length, 0)
  await settled(silent.post(OPERATION.random, 1, empty))
  await clock.advance(500)
  t.true(silent.beats.length >= 9)
})

test('a proxy that falls silent ends after a minute, and not before', async (t) => {
  const { clock, connected, settled, ended } = lab()
  const proxy = await connected()
  await settled(proxy.post(OPERATION.random, 1, empty))
  await clock.advance(PROXY_TIMEOUT_MILLIS - 100)
  t.is(ended.length, 0)
  proxy.sendFrame([{ requestId: 0, operation: OPERATION.beat, session: 0, body: empty }])
  await clock.advance(PROXY_TIMEOUT_MILLIS - 100)
  t.is(ended.length, 0)
  await clock.advance(300)
  t.is(ended.length, 1)
})

test('what is sent again is answered again and not done again; reads are done again', async (t) => {
  const { connected, settled, asked } = lab()
  const proxy = await connected()
  for (const operation of [OPERATION.createUser, OPERATION.insertKey, OPERATION.openSession]) {
    const before = asked.length
    const first = await settled(proxy.postAs(operation, operation, 1, utf8Bytes('once')))
    const second = await settled(proxy.postAs(operation, operation, 1, utf8Bytes('once')))
    t.deepEqual(first, second)
    t.is(asked.length, before + 1)
  }
  const before = asked.length
  await settled(proxy.postAs(99, OPERATION.findKeys, 1, empty))
  await settled(proxy.postAs(99, OPERATION.findKeys, 1, empty))
  t.is(asked.length, before + 2)
})

test('an operation that throws harms nobody, whether at once or later', async (t) => {
  const { connected, settled } = lab({
    answer: (_channel, { operation }) => {
      if (operation === OPERATION.sign) throw new Error('at once')
      return operation === OPERATION.verify ? Promise.reject(new Error('later')) : E.right(empty)
    },
  })
  const proxy = await connected()
  t.is(ckrOf(await settled(proxy.post(OPERATION.sign, 1, empty))), 'CKR_GENERAL_ERROR')
  t.is(ckrOf(await settled(proxy.post(OPERATION.verify, 1, empty))), 'CKR_GENERAL_ERROR')
  t.is(ckrOf(await settled(proxy.post(OPERATION.random, 1, empty))), 'CKR_OK')
})

test('more requests at once than an HSM takes are told that it is busy, and so are answers that nobody could hold', async (t) => {
  const held = new Promise<Answer>(() => undefined)
  const { connected, clock } = lab({
    answer: (_channel, { operation }) => (operation === OPERATION.sign ? held : E.right(new Uint8Array(300_000))),
  })
  const proxy = await connected()
  const requests = (operation: number, count: number, first: number): ReadonlyArray<SessionRequest> =>
    Array.from({ length: count }, (_, i) => ({ requestId: first + i, operation, session: 1, body: empty }))
  const beyond = proxy.replyTo(1025)
  proxy.sendFrame(requests(OPERATION.sign, 1025, 1))
  t.like(await beyond, { hsmReturn: 187 })
  const large = requests(OPERATION.hsmInfo, 200, 2000)
  const other = await connected()
  const replies = large.map(({ requestId }) => other.replyTo(requestId))
  other.sendFrame(large)
  await clock.advance(10)
  const codes = (await Promise.all(replies)).map(({ hsmReturn }) => hsmReturn)
  t.true(codes.filter((code) => code === 0).length > 40)
  t.true(codes.includes(187))
})

test('frames stay below the largest that a bus carries, whatever is in them', async (t) => {
  const { connected, clock, settled } = lab({
    answer: (_channel, { operation }) =>
      E.right(
        new Uint8Array(operation === OPERATION.getKey ? 1_200_000 : operation === OPERATION.hsmInfo ? 450_000 : 0),
      ),
  })
  const proxy = await connected()
  t.is(ckrOf(await settled(proxy.post(OPERATION.getKey, 1, empty))), 'CKR_FUNCTION_FAILED')
  const many = [...Array(50_000).keys()].map((i) => ({
    requestId: i + 10,
    operation: i % 10_000 === 0 ? OPERATION.hsmInfo : OPERATION.random,
    session: 1,
    body: empty,
  }))
  const replies = many.map(({ requestId }) => proxy.replyTo(requestId))
  proxy.sendFrame(many)
  await clock.advance(10)
  t.is((await Promise.all(replies)).length, 50_000)
  t.true(Math.max(...proxy.frameSizes) < 1_000_000)
})

test('no password stays behind, whatever becomes of the request', async (t) => {
  const bodies: Uint8Array[] = []
  const { connected, settled } = lab({
    answer: (_channel, request) => {
      bodies.push(request.body)
      return E.right(empty)
    },
  })
  const proxy = await connected()
  const password = utf8Bytes('canary-password')
  const body = encodePasswordRequest({ commandId: 'a', role: 'crypto-user', username: 'user1', password })
  for (const operation of [OPERATION.login, OPERATION.createUser, OPERATION.changePassword]) {
    await settled(proxy.postAs(operation, operation, 1, body))
  }
  t.is(bodies.length, 3)
  for (const each of bodies) t.true(each.every((byte) => byte === 0))
})

test('frames that are forged, repeated or of no channel are dropped and counted', async (t) => {
  const { bus, server, connected, settled, clock, asked } = lab()
  const captured: Uint8Array[] = []
  bus.listen(subject(subjects.hsmFrames(HSM)), (frame) => void captured.push(frame.slice()))
  const proxy = await connected()
  await settled(proxy.post(OPERATION.openSession, 0, empty))
  const [frame] = captured
  if (frame === undefined) return t.fail('no frame was sent')
  const altered = Uint8Array.from(frame, (byte, i) => (i === frame.length - 1 ? byte ^ 1 : byte))
  for (const each of [frame, altered, empty, frame.subarray(0, 9)]) bus.send(subject(subjects.hsmFrames(HSM)), each)
  await clock.advance(10)
  t.is(server.dropped(), 4)
  t.is(asked.length, 1)
})
