import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { handshake } from '@hsmlab/crypto'
import { nobleEngine } from '@hsmlab/crypto/noble'
import type { CommandId, HsmId } from '@hsmlab/domain'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { subject } from '@hsmlab/ports'
import { memoryBus, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import { type ControlNotification, controlPrologue, subjects } from '@hsmlab/protocol'
import { controlClient } from '../../src/control-channel/control-client.ts'
import { type ControlHandlers, serveControl } from '../../src/control-channel/control-server.ts'

const ZONE = 'us-east-1a'
const HSM = 'hsm-aaaaaaaaaaa' as HsmId

const lab = () => {
  const clock = virtualClock({ settle: () => new Promise((resolve) => void setImmediate(resolve)) })
  const bus = memoryBus({ clock })
  const random = seededRandom('control')
  const engine = nobleEngine({ random })
  const env = { bus, clock, random, engine, logger: memoryLogger() }
  const controllerKey = engine.x25519.generate()
  const rackKey = engine.x25519.generate()
  const zeroized: string[] = []
  const late: Array<() => void> = []
  const notImplementedHere = async () => E.left({ code: 'wrongCondition', message: 'not in this test' } as const)
  const handlers: ControlHandlers = {
    provisionHsm: notImplementedHere,
    installClusterCertificate: notImplementedHere,
    takeBackup: notImplementedHere,
    readBackup: notImplementedHere,
    writeBackup: notImplementedHere,
    restoreBackup: notImplementedHere,
    installMembership: notImplementedHere,
    describeHsm: notImplementedHere,
    describeRack: async () => E.right({ hsms: [] }),
    handOverHsm: () => new Promise((resolve) => late.push(() => resolve(E.right({ position: 7 })))),
    decommissionHsm: notImplementedHere,
    zeroizeHsm: async ({ hsmId }) => {
      zeroized.push(hsmId)
      return E.right({})
    },
  }
  const server = serveControl(env, {
    availabilityZone: ZONE,
    rackKey,
    controllerKey: controllerKey.publicKey,
    handlers,
  })
  const heard: ControlNotification[] = []
  const clientWith = (own = controllerKey, rack = rackKey.publicKey) =>
    controlClient(env, {
      availabilityZone: ZONE,
      controllerKey: own,
      rackKey: rack,
      onNotification: (notification) => heard.push(notification),
    })
  const settled = async <A>(promise: Promise<A>): Promise<A> => {
    let done = false
    const watch = async (): Promise<void> => {
      await promise
      done = true
    }
    void watch()
    for (let i = 0; i < 2000 && !done; i++) await clock.advance(10)
    return promise
  }
  /** The first message of a handshake of the controller, as somebody on the bus can hear and repeat it. */
  const heardHandshake = (): Uint8Array => {
    const shake = handshake(engine, {
      pattern: 'KK',
      role: 'initiator',
      prologue: utf8Bytes(controlPrologue(ZONE)),
      staticKey: controllerKey,
      remoteStatic: rackKey.publicKey,
    })
    return Uint8Array.of(...random.bytes(16), ...(shake.write(new Uint8Array(0)) ?? []))
  }
  return { ...env, server, clientWith, settled, zeroized, heard, engine, late, heardHandshake }
}

const zeroize = { commandId: 'z' as CommandId, hsmId: HSM }

test('the pinned controller commands, and is answered', async (t) => {
  const { clientWith, settled, zeroized } = lab()
  const client = clientWith()
  t.deepEqual(await settled(client.request('describeRack', {}, 1000)), E.right({ hsms: [] }))
  t.true(E.isRight(await settled(client.request('zeroizeHsm', zeroize, 1000))))
  t.deepEqual(zeroized, [HSM])
})

test('a refusal of the rack is told from its silence', async (t) => {
  const { clientWith, settled, server } = lab()
  const client = clientWith()
  const refused = await settled(client.request('describeHsm', { hsmId: HSM }, 1000))
  t.like(refused, { left: { _tag: 'ControlRefused' } })
  server.close()
  t.like(await settled(client.request('describeRack', {}, 1000)), { left: { _tag: 'RackUnreachable' } })
})

test('a stranger commands nothing, whatever key it has', async (t) => {
  const { clientWith, settled, zeroized, engine } = lab()
  const stranger = clientWith(engine.x25519.generate())
  t.like(await settled(stranger.request('zeroizeHsm', zeroize, 1000)), { left: { _tag: 'RackUnreachable' } })
  t.deepEqual(zeroized, [])
})

test("the controller believes no stranger's rack", async (t) => {
  const { clientWith, settled, engine } = lab()
  const deceived = clientWith(undefined, engine.x25519.generate().publicKey)
  t.like(await settled(deceived.request('describeRack', {}, 1000)), { left: { _tag: 'RackUnreachable' } })
})

test('a command that is sent again from a capture is not obeyed again', async (t) => {
  const { bus, clientWith, settled, zeroized, clock } = lab()
  const captured: Uint8Array[] = []
  bus.listen(subject(subjects.controlFrames(ZONE)), (frame) => void captured.push(frame.slice()))
  await settled(clientWith().request('zeroizeHsm', zeroize, 1000))
  t.is(zeroized.length, 1)
  for (const frame of captured) bus.send(subject(subjects.controlFrames(ZONE)), frame)
  await clock.advance(100)
  t.is(zeroized.length, 1)
})

test('handshakes that are heard and repeated do not cut the controller off', async (t) => {
  const { bus, clientWith, settled, heard, server, clock, heardHandshake } = lab()
  const client = clientWith()
  await settled(client.request('describeRack', {}, 1000))
  const repeated = heardHandshake()
  for (let i = 0; i < 20; i++) await settled(bus.request(subject(subjects.controlHandshake(ZONE)), repeated, 1000)())
  server.notify({ hsmId: HSM, what: 'failed' })
  await clock.advance(10)
  t.is(heard.length, 1)
  t.true(E.isRight(await settled(client.request('describeRack', {}, 1000))))
})

test('a command that takes long is answered though another one had no answer in time', async (t) => {
  const { clientWith, settled, late } = lab()
  const client = clientWith()
  const slow = client.request('handOverHsm', zeroize, 10_000)
  await settled(client.request('handOverHsm', { ...zeroize, commandId: 'y' as CommandId }, 500))
  t.true(E.isRight(await settled(client.request('describeRack', {}, 1000))))
  for (const answer of late) answer()
  t.deepEqual(await settled(slow), E.right({ position: 7 }))
})

test('channels that were given up leave nobody listening', async (t) => {
  const made = lab()
  let listening = 0
  const { listen } = made.bus
  Object.assign(made.bus, {
    listen: (...place: Parameters<typeof listen>) => {
      const end = listen(...place)
      listening += 1
      return () => {
        listening -= 1
        end()
      }
    },
  })
  const client = made.clientWith()
  for (let i = 0; i < 3; i++) {
    await made.settled(Promise.all([100, 300, 500].map((millis) => client.request('handOverHsm', zeroize, millis))))
  }
  t.is(listening, 0)
  await made.settled(client.request('describeRack', {}, 1000))
  t.is(listening, 1)
  client.close()
  await made.clock.advance(10)
  t.is(listening, 0)
})

test('a rack tells its controller of changes by itself', async (t) => {
  const { clientWith, settled, server, heard, clock } = lab()
  await settled(clientWith().request('describeRack', {}, 1000))
  server.notify({ hsmId: HSM, what: 'activated' })
  await clock.advance(100)
  t.deepEqual(heard, [{ hsmId: HSM, what: 'activated' }])
})

testProp(
  'garbage on its subjects harms no channel',
  [fc.array(fc.uint8Array({ maxLength: 120 }))],
  async (t, garbage) => {
    const { bus, clientWith, settled, zeroized } = lab()
    const client = clientWith()
    await settled(client.request('describeRack', {}, 1000))
    for (const bytes of garbage) {
      bus.send(subject(subjects.controlFrames(ZONE)), bytes)
      void bus.request(subject(subjects.controlHandshake(ZONE)), bytes, 100)()
    }
    t.deepEqual(await settled(client.request('describeRack', {}, 1000)), E.right({ hsms: [] }))
    t.deepEqual(zeroized, [])
  },
  { numRuns: 20 },
)
