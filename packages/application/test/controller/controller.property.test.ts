import { fc, testProp } from '@fast-check/ava'
import { hsmsOf } from '@hsmlab/domain'
import { LAB_WORLD, LAB_ZONES } from '../../src/controller/testing/index.ts'
import { activeCluster, type VirtualLab, virtualLab } from './lab.ts'

const zone = fc.constantFrom(...LAB_ZONES)
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('create'), zone }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('delete'), index: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('zeroize'), index: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('down'), zone }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('up'), zone }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('die') }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('wait'), millis: fc.constantFrom(5, 50, 500, 5000) }) },
)
type Action = Readonly<{ what: string; zone?: (typeof LAB_ZONES)[number]; index?: number; millis?: number }>

const perform = async (
  lab: VirtualLab,
  clusterId: Awaited<ReturnType<typeof activeCluster>>['clusterId'],
  act: Action,
) => {
  const hsm = hsmsOf(lab.cluster(clusterId))[act.index ?? 0]
  if (act.what === 'create' && act.zone !== undefined) {
    await lab.controller().createHsm(LAB_WORLD, { clusterId, availabilityZone: act.zone })()
  }
  if (act.what === 'delete' && hsm !== undefined) {
    await lab.controller().deleteHsm(LAB_WORLD, { clusterId, which: { by: 'HsmId', value: hsm.hsmId } })()
  }
  if (act.what === 'zeroize' && hsm !== undefined) {
    const scripted = lab.rack(hsm.place.availabilityZone).hsms.get(hsm.hsmId)
    if (scripted !== undefined) scripted.condition = 'zeroized'
  }
  if (act.what === 'down' && act.zone !== undefined) lab.rack(act.zone).down()
  if (act.what === 'up' && act.zone !== undefined) lab.rack(act.zone).up()
  if (act.what === 'die') {
    await lab.close()
    await lab.open()
  }
  await lab.clock.advance(act.millis ?? 1)
}

testProp(
  'whatever is asked, cut off and killed: once all racks answer, they hold the HSMs on the log and no others',
  [fc.array(action, { maxLength: 25, size: 'max' }), fc.integer()],
  async (t, actions, seed) => {
    const lab = await virtualLab({}, seed)
    const { clusterId } = await activeCluster(lab)
    for (const act of actions) await perform(lab, clusterId, act)
    for (const each of LAB_ZONES) lab.rack(each).up()

    const isSettled = (): boolean => {
      const { hsms, gone, membership } = lab.cluster(clusterId)
      return (
        Object.values(hsms).every(({ state }) => state === 'ACTIVE') &&
        Object.values(gone).every(({ decommissioned }) => decommissioned) &&
        membership.members.every(
          (hsmId) =>
            lab.rack(hsms[hsmId]?.place.availabilityZone ?? LAB_ZONES[0]!).hsms.get(hsmId)?.membershipVersion ===
            membership.version,
        )
      )
    }
    await lab.until(isSettled)
    const { hsms, membership, lanes } = lab.cluster(clusterId)
    const racked = LAB_ZONES.flatMap((each) => [...lab.rack(each).hsms.keys()])
    t.deepEqual(racked.toSorted(), Object.keys(hsms).toSorted())
    t.deepEqual([...membership.members].toSorted(), Object.keys(hsms).toSorted())
    t.is(new Set(lanes).size, lanes.length)
    await lab.close()
  },
  { numRuns: 10 },
)
