import * as E from 'fp-ts/lib/Either.js'
import type { AvailabilityZone, HsmId } from '@hsmlab/domain'
import type { Answer, ControllerHandle, RackHandle } from './parts.ts'
import type { Killed } from './status.ts'

type Reached = Readonly<{ hsmIds: ReadonlyArray<HsmId> }>
type What = Readonly<{ hsmId?: HsmId; availabilityZone?: AvailabilityZone }>

/** What was taken away on purpose, and how it is given back. */
export interface Chaos {
  readonly killed: () => Killed
  readonly killHsm: (hsmId: HsmId) => Answer<Reached>
  readonly killZone: (availabilityZone: AvailabilityZone) => Answer<Reached>
  /** Without a name, everything. */
  readonly heal: (what: What) => Answer<Reached>
}

const refusal = (code: string, message: string) => E.left({ code, message })

export const startChaos = (racks: ReadonlyArray<RackHandle>, controller: ControllerHandle): Chaos => {
  const zones = new Set<AvailabilityZone>()
  const hsms = new Set<HsmId>()

  const rackIn = (zone: AvailabilityZone) => racks.find((rack) => rack.availabilityZone === zone)
  const zoneNames = racks.map((rack) => rack.availabilityZone).join(', ')

  const shownHsms = async () => (await controller.clusters()).clusters.flatMap((cluster) => cluster.hsms)
  const hsmsIn = async (zone: AvailabilityZone): Promise<ReadonlyArray<HsmId>> =>
    (await shownHsms()).filter(({ availabilityZone }) => availabilityZone === zone).map(({ hsmId }) => hsmId)
  const zoneOf = async (hsmId: HsmId) => (await shownHsms()).find((each) => each.hsmId === hsmId)?.availabilityZone

  const healZone = async (zone: AvailabilityZone): Promise<ReadonlyArray<HsmId>> => {
    await rackIn(zone)?.restart()
    zones.delete(zone)
    const back: HsmId[] = []
    for (const hsmId of await hsmsIn(zone)) {
      // One that was killed by itself before stays killed.
      if (hsms.has(hsmId)) await rackIn(zone)?.crashHsm(hsmId)
      else back.push(hsmId)
    }
    return back
  }

  const healHsm = async (hsmId: HsmId): Promise<ReadonlyArray<HsmId>> => {
    const zone = await zoneOf(hsmId)
    hsms.delete(hsmId)
    if (zone === undefined || zones.has(zone)) return []
    await rackIn(zone)?.restartHsm(hsmId)
    return [hsmId]
  }

  return {
    killed: () => ({ zones, hsms }),
    killHsm: async (hsmId) => {
      const zone = await zoneOf(hsmId)
      if (zone === undefined) return refusal('HsmUnknown', `There is no ${hsmId}; hsmlab status shows those there are.`)
      const killed = hsms.has(hsmId) || zones.has(zone) || (await rackIn(zone)?.crashHsm(hsmId)) === true
      if (!killed) return refusal('HsmUnknown', `${hsmId} does not run yet.`)
      hsms.add(hsmId)
      return E.right({ hsmIds: [hsmId] })
    },
    killZone: async (zone) => {
      const rack = rackIn(zone)
      if (rack === undefined) return refusal('ZoneUnknown', `There is no zone ${zone}; there are ${zoneNames}.`)
      const hsmIds = await hsmsIn(zone)
      zones.add(zone)
      await rack.crash()
      return E.right({ hsmIds })
    },
    heal: async ({ hsmId, availabilityZone }) => {
      if (availabilityZone !== undefined) {
        if (!zones.has(availabilityZone)) return refusal('NothingToHeal', `Zone ${availabilityZone} was not killed.`)
        return E.right({ hsmIds: await healZone(availabilityZone) })
      }
      if (hsmId !== undefined) {
        if (!hsms.has(hsmId)) return refusal('NothingToHeal', `${hsmId} was not killed.`)
        return E.right({ hsmIds: await healHsm(hsmId) })
      }
      const healed: HsmId[] = []
      const killedHsms = [...hsms]
      const killedZones = [...zones]
      for (const zone of killedZones) healed.push(...(await healZone(zone)))
      for (const each of killedHsms) healed.push(...(await healHsm(each)))
      return E.right({ hsmIds: healed })
    },
  }
}
