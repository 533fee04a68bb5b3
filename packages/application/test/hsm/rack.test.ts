import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import type { AvailabilityZone, ClusterId, CommandId, HsmId } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { DeviceHome, DeviceStorage, Disk, Nvram, StoreFailure } from '@hsmlab/ports'
import { memoryBus, memoryDisk, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import type { ControlRequestOf } from '@hsmlab/protocol'
import type { HsmEnv } from '../../src/hsm/hsm-env.ts'
import { controlClient } from '../../src/control-channel/control-client.ts'
import { createHsm, openHsm } from '../../src/hsm/open-hsm.ts'
import { startRack } from '../../src/hsm/rack.ts'

const hsmId = 'hsm-aaaaaaaaaaa' as HsmId
const availabilityZone = 'us-east-1a' as AvailabilityZone
const full: E.Either<StoreFailure, never> = E.left({ _tag: 'StoreFull' })

/** A disk of which the batches that `isFull` names by their number, counted from 0, fail. */
const fullDisk = (disk: Disk, isFull: (batch: number) => boolean): Disk => {
  let batches = 0
  return {
    ...disk,
    open: (create) => async () => {
      const opened = await disk.open(create)()
      if (E.isLeft(opened)) return opened
      const store = opened.right
      return E.right({
        ...store,
        batch: (operations) => async () => (isFull(batches++) ? full : await store.batch(operations)()),
      })
    },
  }
}

const lab = () => {
  const clock = virtualClock({ settle: () => new Promise((resolve) => void setImmediate(resolve)) })
  const random = seededRandom('rack')
  const engine = nobleEngine({ random })
  const unasked = () => {
    throw new Error('nobody asks for certificates here')
  }
  const env: HsmEnv = {
    bus: memoryBus({ clock }),
    clock,
    random,
    engine,
    logger: memoryLogger(),
    certificates: {
      verifyChain: unasked,
      verifyClusterCertificate: unasked,
      verifySignature: unasked,
      certifiesKey: unasked,
    },
    hardware: { roots: { aws: '', manufacturer: '' }, issueIdentity: unasked },
    settings: { passwordIterations: 1, syncPeriodMillis: 1000, clusterKey: 'ec' },
    backupAuthorities: { manufacturerKey: new Uint8Array(32).fill(1), awsKey: new Uint8Array(32).fill(2) },
  }
  const request: ControlRequestOf<'provisionHsm'> = {
    commandId: 'provision' as CommandId,
    hsmId,
    clusterId: 'cluster-aaaaaaaaaaa' as ClusterId,
    lane: 1,
    availabilityZone,
    eniIp: '10.0.0.10',
    hsmType: 'hsm2m.medium',
    mode: 'FIPS',
    first: false,
    controllerKey: toBase64(engine.ed25519.generate().publicKey),
  }
  const provision = (home: DeviceHome) => createHsm(env, home, request)
  let removed = 0
  const start = async (home: DeviceHome) => {
    const storage: DeviceStorage = {
      list: () => Promise.resolve([hsmId]),
      home: () => home,
      remove: () => {
        removed += 1
        return Promise.resolve()
      },
    }
    const controllerKey = engine.x25519.generate()
    const rackKey = engine.x25519.generate()
    const rack = await startRack(env, { availabilityZone, rackKey, controllerKey: controllerKey.publicKey, storage })
    const client = controlClient(env, {
      availabilityZone,
      controllerKey,
      rackKey: rackKey.publicKey,
      onNotification: () => undefined,
    })
    const ask: typeof client.request = async (name, asked, millis) => {
      let done = false
      const answer = client.request(name, asked, millis)
      void answer.finally(() => {
        done = true
      })
      for (let i = 0; i < 1000 && !done; i += 1) await clock.advance(5)
      return answer
    }
    return { ...rack, ask }
  }
  return { clock, env, request, provision, start, removed: () => removed }
}

const homeOn = (disk: Disk): DeviceHome => ({ disk, deviceKey: memoryDisk().nvram })

test('an HSM is restarted and crashed in the order in which that is asked', async (t) => {
  const { provision, start } = lab()
  const home = homeOn(memoryDisk())
  t.true(E.isRight(await provision(home)))
  const rack = await start(home)
  await Promise.all([rack.crashHsm(hsmId), rack.restartHsm(hsmId), rack.restartHsm(hsmId)])
  t.is(rack.hsm(hsmId)?.describe().condition, 'provisioned')
  await rack.crashHsm(hsmId)
  await Promise.all([rack.restartHsm(hsmId), rack.crashHsm(hsmId)])
  t.is(rack.hsm(hsmId), undefined)
  await rack.restartHsm(hsmId)
  t.is(rack.hsm(hsmId)?.describe().condition, 'provisioned')
  await rack.stop()
})

test('an HSM whose disk is full when it notes its start does not run, and gives its log free', async (t) => {
  const { env, provision } = lab()
  const disk = memoryDisk()
  const home = homeOn(disk)
  t.true(E.isRight(await provision(home)))
  const watch = { failed: () => undefined, notify: () => undefined }
  const opened = await openHsm(env, { ...home, disk: fullDisk(disk, (batch) => batch === 1) }, hsmId, watch)
  t.is(E.isLeft(opened) ? opened.left._tag : 'running', 'StoreStopped')
  const again = await openHsm(env, home, hsmId, watch)
  t.true(E.isRight(again))
  if (E.isRight(again)) await again.right.stop()
})

// Seeds 2737 and 3830 of the simulation: what waited for a slow disk was told as state when the disk then failed.
test('an HSM that cannot write its log does not tell as its state what is not on it', async (t) => {
  const { env, provision } = lab()
  const disk = memoryDisk()
  const home = homeOn(disk)
  t.true(E.isRight(await provision(home)))
  const watch = { failed: () => undefined, notify: () => undefined }
  let isFull = false
  const opened = await openHsm(env, { ...home, disk: fullDisk(disk, () => isFull) }, hsmId, watch)
  if (E.isLeft(opened)) return t.fail(opened.left._tag)
  t.true(E.isRight(await opened.right.canonicalState()))
  isFull = true
  const zeroized = opened.right.zeroize()
  const live = await opened.right.canonicalState()
  t.is(E.isLeft(live) ? live.left.code : live.right.state, 'damaged')
  await zeroized
  t.true(E.isLeft(await opened.right.canonicalState()))
  await opened.right.crash()
})

test('an HSM that could not be made gives its log free', async (t) => {
  const { provision } = lab()
  const disk = memoryDisk()
  const failed = await provision(homeOn(fullDisk(disk, (batch) => batch === 2)))
  t.is(E.isLeft(failed) ? failed.left._tag : 'made', 'StoreStopped')
  t.true(E.isRight(await disk.open(false)()))
})

test('an HSM whose disk is full is opened again when there is room', async (t) => {
  const { clock, provision, start } = lab()
  const disk = memoryDisk()
  const home = homeOn(disk)
  t.true(E.isRight(await provision(home)))
  let isFull = false
  const rack = await start({ ...home, disk: fullDisk(disk, () => isFull) })
  isFull = true
  await rack.crashHsm(hsmId)
  await rack.restartHsm(hsmId)
  t.is(rack.hsm(hsmId), undefined)
  await clock.advance(10_000)
  t.is(rack.hsm(hsmId), undefined)
  const [described] = rack.describe()
  t.like(described, { hsmId, condition: 'stopped', activated: false })
  t.true((described?.reason ?? '').length > 0)
  isFull = false
  await clock.advance(30_000)
  t.is(rack.hsm(hsmId)?.describe().condition, 'provisioned')
  await rack.stop()
})

test('an HSM that was switched off while its disk is full stays off', async (t) => {
  const { clock, provision, start } = lab()
  const disk = memoryDisk()
  const home = homeOn(disk)
  t.true(E.isRight(await provision(home)))
  let isFull = true
  const rack = await start({ ...home, disk: fullDisk(disk, () => isFull) })
  await rack.crashHsm(hsmId)
  isFull = false
  await clock.advance(60_000)
  t.is(rack.hsm(hsmId), undefined)
  await rack.stop()
})

/** Takes a record out of the middle of a log, as a flipped bit in LevelDB's own log does. */
const damage = async (disk: Disk): Promise<void> => {
  const store = await disk.open(false)()
  if (E.isLeft(store)) throw new Error(store.left._tag)
  const keys: Uint8Array[] = []
  const everything = { from: new Uint8Array(0), to: new Uint8Array(40).fill(255) }
  await store.right.iterate(everything, (entries) => void keys.push(...entries.map(({ key }) => key)))()
  const [key] = keys.filter(({ length }) => length === 9)
  if (key !== undefined) await store.right.batch([{ type: 'del', key }])()
  await store.right.close()()
}

const isKeyGone = async ({ deviceKey }: DeviceHome): Promise<boolean> => {
  const cell = await deviceKey.read()()
  return E.isRight(cell) && cell.right !== undefined && cell.right.subarray(32).every((byte) => byte === 0)
}

/** A cell that takes nothing while `isStuck`. */
const stuckCell = (cell: Nvram, isStuck: () => boolean): Nvram => ({
  ...cell,
  write: (bytes) => async () => (isStuck() ? full : await cell.write(bytes)()),
})

const decommission = { commandId: 'd' as CommandId, hsmId }

test('an HSM whose storage is damaged is described as failed, and its key goes when it is decommissioned', async (t) => {
  const { clock, provision, start } = lab()
  const disk = memoryDisk()
  const home = homeOn(disk)
  t.true(E.isRight(await provision(home)))
  await damage(disk)
  const rack = await start(home)
  const [described] = rack.describe()
  t.like(described, { hsmId, condition: 'failed' })
  t.regex(described?.reason ?? '', /is damaged/)
  t.like(await rack.ask('describeRack', {}, 1000), { right: { hsms: [{ hsmId, condition: 'failed' }] } })
  await clock.advance(120_000)
  t.is(rack.hsm(hsmId), undefined)
  t.true(E.isRight(await rack.ask('decommissionHsm', decommission, 1000)))
  t.deepEqual(rack.describe(), [])
  t.true(await isKeyGone(home))
  await rack.stop()
})

test('an HSM whose key could not be destroyed is not said to be gone, and loses it at its next start', async (t) => {
  const { provision, start } = lab()
  let isStuck = false
  const home = homeOn(memoryDisk())
  const stuck = { ...home, deviceKey: stuckCell(home.deviceKey, () => isStuck) }
  t.true(E.isRight(await provision(home)))
  const rack = await start(stuck)
  isStuck = true
  t.like(await rack.ask('decommissionHsm', decommission, 1000), { left: { refusal: { code: 'damaged' } } })
  t.false(await isKeyGone(home))
  t.deepEqual(rack.hsmIds(), [hsmId])
  await rack.crash()
  isStuck = false
  const again = await start(stuck)
  t.true(await isKeyGone(home))
  t.like(again.describe()[0], { condition: 'zeroized' })
  t.true(E.isRight(await again.ask('decommissionHsm', decommission, 1000)))
  t.deepEqual(again.hsmIds(), [])
  await again.stop()
})

test('a zeroised HSM says that it is one, after a restart too, and runs no more', async (t) => {
  const { provision, start } = lab()
  const home = homeOn(memoryDisk())
  t.true(E.isRight(await provision(home)))
  const rack = await start(home)
  t.true(E.isRight(await rack.ask('zeroizeHsm', { commandId: 'z' as CommandId, hsmId }, 1000)))
  t.is(rack.describe()[0]?.condition, 'zeroized')
  await rack.crash()
  const again = await start(home)
  t.like(again.describe()[0], { hsmId, condition: 'zeroized' })
  t.is(again.hsm(hsmId), undefined)
  await again.stop()
})

test('an HSM that is there is not made anew, even when it is switched off', async (t) => {
  const { provision, start, request, removed } = lab()
  const home = homeOn(memoryDisk())
  t.true(E.isRight(await provision(home)))
  const rack = await start(home)
  const first = await rack.ask('provisionHsm', request, 1000)
  t.true(E.isRight(first))
  await rack.crashHsm(hsmId)
  t.deepEqual(await rack.ask('provisionHsm', request, 1000), first)
  t.is(removed(), 0)
  await rack.stop()
})

test('an HSM that was left half made is made', async (t) => {
  const { provision, start, request, removed } = lab()
  for (const failing of [0, 1, 2]) {
    const disk = memoryDisk()
    const remains = homeOn(disk)
    t.true(E.isLeft(await provision(homeOn(fullDisk(disk, (batch) => batch === failing)))))
    let home = remains
    const rack = await start({
      get disk() {
        return home.disk
      },
      get deviceKey() {
        return home.deviceKey
      },
    })
    t.true(E.isLeft(await rack.ask('describeHsm', { hsmId }, 1000)))
    const before = removed()
    home = homeOn(memoryDisk())
    t.true(E.isRight(await rack.ask('provisionHsm', request, 1000)), `${failing}`)
    t.is(removed(), before + 1)
    await rack.stop()
  }
})
