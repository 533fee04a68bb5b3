import type { AvailabilityZone } from '@hsmlab/domain'
import { type Cluster, type Seat, seatsOf } from '../cluster/cluster.ts'
import type { Damage, Machine } from '../cluster/machine.ts'
import { replacementOf } from '../cluster/places.ts'
import type { DiskFaults } from '../disk/seeded-disk.ts'
import type { Fault } from './steps.ts'

type Undo = () => void
const NOTHING: Undo = () => undefined

const machinesOf = ({ machines }: Cluster, zones: ReadonlyArray<AvailabilityZone>): ReadonlyArray<Machine> =>
  machines.filter(({ zone }) => zones.includes(zone))

const setDisks = (machines: ReadonlyArray<Machine>, faults: Partial<DiskFaults>): void => {
  for (const machine of machines) for (const disk of machine.disks().values()) disk.setFaults(faults)
}

const seatsIn = (cluster: Cluster, zone: AvailabilityZone): ReadonlyArray<Seat> =>
  seatsOf(cluster).filter(({ place }) => place.zone === zone)

/** Has the rack start its HSM again, where it runs without it. */
export const restartHsm = ({ machine, place, hsm }: Seat): void => {
  if (hsm() === undefined) void machine.rack()?.restartHsm(place.hsmId)
}

/**
 * Storage is damaged for good. The machine starts again at once, and must not run the HSM; the operator replaces it as
 * soon as `undo` lets him.
 */
const loseStorage = (cluster: Cluster, zone: AvailabilityZone, how: Damage): Undo => {
  const { machines, controller, findings } = cluster
  const [lost] = seatsIn(cluster, zone)
  let isDamaged = true
  for (const machine of machines) {
    if (machine.zone !== zone) continue
    isDamaged = machine.damage(how)
    machine.start()
  }
  return () => {
    if (lost === undefined) return
    if (isDamaged && lost.hsm() !== undefined) {
      findings.push({ promise: 'P1', what: `${lost.place.hsmId} runs on a log that is ${how}` })
    }
    void controller.replace(lost.place, replacementOf(lost.place))
  }
}

/** Makes `fault` happen; the result ends it. */
export const applyFault = (cluster: Cluster, fault: Fault): Undo => {
  const { world, proxy, audit } = cluster
  const { network, feed } = world.bus
  switch (fault.type) {
    case 'kill': {
      const machines = machinesOf(cluster, fault.zones)
      for (const machine of machines) machine.killProcess()
      return () => machines.forEach((machine) => machine.start())
    }
    case 'lose-power': {
      const machines = machinesOf(cluster, fault.zones)
      for (const machine of machines) machine.losePower()
      if (fault.proxy) proxy.kill()
      return () => {
        for (const machine of machines) machine.start()
        proxy.start()
      }
    }
    case 'crash-hsm': {
      const seats = seatsIn(cluster, fault.zone)
      for (const { machine, place } of seats) void machine.rack()?.crashHsm(place.hsmId)
      return () => seats.forEach(restartHsm)
    }
    case 'cut': {
      const mends = fault.links.map(([from, to]) => network.cut(from, to))
      return () => mends.forEach((mend) => mend())
    }
    case 'weather':
      network.setFaults(fault.faults)
      return network.calm
    case 'disk-full':
    case 'disk-error': {
      const machines = machinesOf(cluster, [fault.zone])
      const name = fault.type === 'disk-full' ? 'full' : 'error'
      setDisks(machines, { [name]: 1 })
      return () => setDisks(machines, { [name]: 0 })
    }
    case 'disk-slow': {
      const machines = machinesOf(cluster, fault.zones)
      for (const machine of machines) machine.setDiskSlowness(fault.factor)
      return () => machines.forEach((machine) => machine.setDiskSlowness(1))
    }
    case 'lose-storage':
      return loseStorage(cluster, fault.zone, fault.how)
    case 'lose-feed':
      feed.loseFeed()
      return NOTHING
    case 'feed-down':
      feed.setDown(true)
      return () => feed.setDown(false)
    case 'kill-proxy':
      proxy.kill()
      return proxy.start
    case 'kill-audit':
      audit.losePower()
      return audit.start
    case 'shift-clock':
      for (const machine of machinesOf(cluster, [fault.zone])) machine.shiftWall(fault.micros)
      return NOTHING
  }
}

/** Ends every fault: what is down comes back, what is cut is mended. Clocks stay as wrong as they are. */
export const mendEverything = (cluster: Cluster): void => {
  const { world, machines, proxy, audit } = cluster
  world.bus.network.heal()
  world.bus.feed.setDown(false)
  setDisks(machines, { full: 0, error: 0 })
  for (const machine of machines) {
    machine.setDiskSlowness(1)
    machine.start()
  }
  proxy.start()
  audit.start()
}
