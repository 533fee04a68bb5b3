import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { canonicalControlPlane, hsmsOf, stateOf } from '@hsmlab/domain'
import { foldControllerLog } from '../../src/controller/controller-fold.ts'
import { openController } from '../../src/controller/open-controller.ts'
import { payloadOf } from '../../src/event-store/record.ts'
import { interfering } from '../event-store/faulty-disk.ts'
import { LAB_WORLD, scriptedCertificates } from '../../src/controller/testing/index.ts'
import { activeCluster, createCluster, createHsm, right, type VirtualLab, virtualLab, zoneA, zoneB } from './lab.ts'

test('a second controller on the same log is refused by its lock', async (t) => {
  const lab = await virtualLab()
  const second = await openController({ ...lab.env, certificates: scriptedCertificates }, lab.part)()
  t.is(E.isLeft(second) ? second.left._tag : 'opened', 'StoreLocked')
  await lab.close()
})

test('a controller that comes back has what it acknowledged, and finishes what was under way', async (t) => {
  const lab = await virtualLab()
  const clusterId = await createCluster(lab)
  const { hsmId } = right(await lab.controller().createHsm(LAB_WORLD, { clusterId, availabilityZone: zoneA })())
  await lab.close()
  await lab.open()
  t.is(lab.cluster(clusterId).hsms[hsmId]?.state, 'CREATE_IN_PROGRESS')
  await lab.until(() => lab.cluster(clusterId).hsms[hsmId]?.state === 'ACTIVE')
  await lab.close()
})

test('a rack that is away delays an HSM, and loses nothing', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  lab.rack(zoneB).down()
  const { hsmId } = right(await lab.controller().createHsm(LAB_WORLD, { clusterId, availabilityZone: zoneB })())
  await lab.clock.advance(30_000)
  t.is(lab.cluster(clusterId).hsms[hsmId]?.state, 'CREATE_IN_PROGRESS')
  lab.rack(zoneB).up()
  await lab.until(() => lab.cluster(clusterId).hsms[hsmId]?.state === 'ACTIVE')
  await lab.close()
})

for (const name of ['provisionHsm', 'takeBackup', 'writeBackup', 'restoreBackup', 'installMembership'] as const) {
  test(`an HSM comes although ${name} is refused at first`, async (t) => {
    const lab = await virtualLab()
    const { clusterId } = await activeCluster(lab)
    for (const zone of [zoneA, zoneB]) lab.rack(zone).refuse(name, { code: 'unready', message: 'Not yet.' }, 3)
    const hsmId = await createHsm(lab, clusterId, zoneB)
    t.is(lab.cluster(clusterId).hsms[hsmId]?.state, 'ACTIVE')
    await lab.close()
  })
}

test('an HSM whose rack is silent is DEGRADED, and ACTIVE again when it answers', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  const second = await createHsm(lab, clusterId, zoneB)
  lab.rack(zoneB).down()
  await lab.until(() => lab.cluster(clusterId).hsms[second]?.state === 'DEGRADED')
  t.is(stateOf(lab.cluster(clusterId)), 'DEGRADED')
  t.true(lab.controller().sighting(second)?.isSilent)
  lab.rack(zoneB).up()
  await lab.until(() => lab.cluster(clusterId).hsms[second]?.state === 'ACTIVE')
  t.is(stateOf(lab.cluster(clusterId)), 'ACTIVE')
  await lab.close()
})

test('a zeroized HSM is replaced: a new identity at its address, restored from a live one', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  const second = await createHsm(lab, clusterId, zoneB)
  const { place, lane } = lab.cluster(clusterId).hsms[second] ?? {}
  const hsm = lab.rack(zoneB).hsms.get(second)
  if (hsm !== undefined) hsm.condition = 'zeroized'
  lab.rack(zoneB).notify({ hsmId: second, what: 'failed' })
  await lab.until(() => lab.cluster(clusterId).gone[second]?.decommissioned === true)
  await lab.until(() => hsmsOf(lab.cluster(clusterId)).every(({ state }) => state === 'ACTIVE'))
  const replacement = hsmsOf(lab.cluster(clusterId)).find(({ place: { eniId } }) => eniId === place?.eniId)
  t.not(replacement?.hsmId, second)
  t.deepEqual(replacement?.place, place)
  t.not(replacement?.lane, lane)
  t.false(lab.rack(zoneB).hsms.has(second))
  await lab.close()
})

test('a silent HSM is not replaced unless the settings say after how long', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  const second = await createHsm(lab, clusterId, zoneB)
  lab.rack(zoneB).down()
  await lab.clock.advance(45_000)
  t.is(lab.cluster(clusterId).hsms[second]?.state, 'DEGRADED')
  await lab.close()
})

test('an HSM that is deleted while its zone is away is given up, and cleared when the zone is back', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  const second = await createHsm(lab, clusterId, zoneB)
  lab.rack(zoneB).down()
  right(await lab.controller().deleteHsm(LAB_WORLD, { clusterId, which: { by: 'HsmId', value: second } })())
  await lab.clock.advance(10_000)
  t.is(lab.cluster(clusterId).hsms[second]?.state, 'DELETE_IN_PROGRESS')
  await lab.clock.advance(60_000)
  t.is(lab.cluster(clusterId).hsms[second], undefined)
  t.true(lab.rack(zoneB).hsms.has(second))
  lab.rack(zoneB).up()
  await lab.until(() => !lab.rack(zoneB).hsms.has(second))
  await lab.close()
})

test('the last HSM is never given up for being silent: its content has no other home', async (t) => {
  const lab = await virtualLab()
  const { clusterId, first } = await activeCluster(lab)
  lab.rack(zoneA).down()
  right(await lab.controller().deleteHsm(LAB_WORLD, { clusterId, which: { by: 'HsmId', value: first } })())
  await lab.clock.advance(45_000)
  t.is(lab.cluster(clusterId).hsms[first]?.state, 'DELETE_IN_PROGRESS')
  lab.rack(zoneA).up()
  await lab.until(() => lab.cluster(clusterId).hsms[first] === undefined)
  t.is(lab.cluster(clusterId).backups.length, 2)
  await lab.close()
})

test('a backup that is damaged in the vault is not restored', async (t) => {
  const lab = await virtualLab()
  const { clusterId, first } = await activeCluster(lab)
  right(await lab.controller().deleteHsm(LAB_WORLD, { clusterId, which: { by: 'HsmId', value: first } })())
  await lab.until(() => lab.cluster(clusterId).hsms[first] === undefined)
  await lab.close()
  const store = right(await lab.vault.open(false)())
  const everything = { from: new Uint8Array(0), to: Uint8Array.of(255) }
  const keys: Uint8Array[] = []
  right(await store.iterate(everything, (entries) => void keys.push(...entries.map(({ key }) => key)))())
  right(await store.batch(keys.map((key) => ({ type: 'put', key, value: Uint8Array.of(1) })))())
  right(await store.close()())
  await lab.open()
  const { hsmId } = right(await lab.controller().createHsm(LAB_WORLD, { clusterId, availabilityZone: zoneB })())
  await lab.clock.advance(20_000)
  t.is(lab.cluster(clusterId).hsms[hsmId]?.restoredFrom, undefined)
  t.true(lab.logger.lines.some(({ message }) => message.includes('is damaged or missing in the vault')))
  await lab.close()
})

test('pieces of a backup that never got onto the log are swept away', async (t) => {
  const lab = await virtualLab()
  await lab.close()
  const store = right(await lab.vault.open(false)())
  const key = Buffer.from('backup-zzzzzzzzzzz/00000000')
  right(await store.batch([{ type: 'put', key, value: Uint8Array.of(1) }])())
  right(await store.close()())
  await lab.open()
  await lab.close()
  const again = right(await lab.vault.open(false)())
  t.is(right(await again.get(key)()), undefined)
  right(await again.close()())
})

test('a log that could not be written is opened anew, and nothing acknowledged is lost', async (t) => {
  let isFull = false
  const lab = await virtualLab({}, 1, (disk) => interfering(disk, () => (isFull ? { _tag: 'StoreFull' } : undefined)))
  const { clusterId } = await activeCluster(lab)
  isFull = true
  const request = { clusterId, availabilityZone: zoneB }
  const refused = await lab.controller().createHsm(LAB_WORLD, request)()
  t.deepEqual(refused, E.left({ _tag: 'ControllerUnavailable' as const }))
  await lab.clock.advance(1000)
  t.is(lab.cluster(clusterId).phase, 'ACTIVE')
  isFull = false
  await lab.clock.advance(10_000)
  const hsmId = await createHsm(lab, clusterId, zoneB)
  t.is(lab.cluster(clusterId).hsms[hsmId]?.state, 'ACTIVE')
  t.is(hsmsOf(lab.cluster(clusterId)).length, 2)
  await lab.close()
})

const payloads = async (lab: VirtualLab): Promise<ReadonlyArray<Uint8Array>> => {
  const found: Uint8Array[] = []
  const { store, state } = lab.controller()
  right(await store.read(0, state().position, (_, record) => void found.push(payloadOf(record).slice()))())
  return found
}

test('folding the raw log gives the live state, byte for byte, and every state before it', async (t) => {
  const lab = await virtualLab()
  const { clusterId } = await activeCluster(lab)
  await createHsm(lab, clusterId, zoneB)
  const { plane, position } = lab.controller().state()
  const log = await payloads(lab)
  t.is(log.length, position)
  const folded = right(foldControllerLog(log))
  t.is(canonicalControlPlane(folded.plane), canonicalControlPlane(plane))
  const early = right(foldControllerLog(log, { position: 2 }))
  t.is(early.plane.clusters[clusterId]?.phase, 'UNINITIALIZED')
  t.deepEqual(right(foldControllerLog(log, { atMicros: 0 })).plane.clusters, {})
  t.deepEqual(
    foldControllerLog([...log, Uint8Array.of(1)]),
    E.left({
      _tag: 'FactUnreadable' as const,
      position: log.length,
      cause: { _tag: 'Malformed' as const, type: 'ClusterFact', paths: [] },
    }),
  )
  await lab.close()
})

testProp(
  'wherever the controller dies on the way to three HSMs, the next one gets there',
  [fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }), fc.integer()],
  async (t, deaths, seed) => {
    const lab = await virtualLab({}, seed)
    const clusterId = await createCluster(lab)
    const { hsmId } = right(await lab.controller().createHsm(LAB_WORLD, { clusterId, availabilityZone: zoneA })())
    const die = async (after: number): Promise<void> => {
      for (let step = 0; step < after; step++) await lab.clock.advanceToNext()
      await lab.close()
      await lab.open()
    }
    for (const after of deaths) await die(after)
    await lab.until(() => lab.cluster(clusterId).hsms[hsmId]?.state === 'ACTIVE')
    right(await lab.controller().initializeCluster(LAB_WORLD, { clusterId, signedCert: 'cert', trustAnchor: 'ca' })())
    for (const after of deaths) await die(after)
    await lab.until(() => lab.cluster(clusterId).phase === 'INITIALIZED')
    lab.rack(zoneA).activate(hsmId)
    await lab.until(() => lab.cluster(clusterId).phase === 'ACTIVE')
    const second = right(await lab.controller().createHsm(LAB_WORLD, { clusterId, availabilityZone: zoneB })())
    for (const after of deaths) await die(after)
    await lab.until(() => hsmsOf(lab.cluster(clusterId)).every(({ state }) => state === 'ACTIVE'))
    t.deepEqual([...lab.rack(zoneA).hsms.keys(), ...lab.rack(zoneB).hsms.keys()], [hsmId, second.hsmId])
    await lab.close()
  },
  { numRuns: 5 },
)
