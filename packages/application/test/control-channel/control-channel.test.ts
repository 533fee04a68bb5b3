import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import type { CommandId, HsmId } from '@hsmlab/domain'
import { subject } from '@hsmlab/ports'
import { memoryBus, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import { type ControlNotification, subjects } from '@hsmlab/protocol'
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
    handOverHsm: notImplementedHere,
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
  return { ...env, server, clientWith, settled, zeroized, heard, engine }
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
