import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import type { AvailabilityZone, ClusterId, CommandId, HsmId } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { DeviceHome, DeviceStorage, Disk, StoreFailure } from '@hsmlab/ports'
import { memoryBus, memoryDisk, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import type { HsmEnv } from '../../src/hsm/hsm-env.ts'
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
  const provision = (home: DeviceHome) =>
    createHsm(env, home, {
      commandId: 'provision' as CommandId,
      hsmId,
      clusterId: 'cluster-aaaaaaaaaaa' as ClusterId,
      lane: 1,
      availabilityZone,
      eniIp: '10.0.0.10',
      hsmType: 'hsm2m.medium',
      mode: 'FIPS',
      first: true,
      controllerKey: toBase64(engine.ed25519.generate().publicKey),
    })
  const start = async (home: DeviceHome) => {
    const storage: DeviceStorage = {
      list: () => Promise.resolve([hsmId]),
      home: () => home,
      remove: () => Promise.resolve(),
    }
    const { publicKey } = engine.x25519.generate()
    const rackKey = engine.x25519.generate()
    return await startRack(env, { availabilityZone, rackKey, controllerKey: publicKey, storage })
  }
  return { clock, env, provision, start }
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
