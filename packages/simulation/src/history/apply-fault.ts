import type { AvailabilityZone } from '@hsmlab/domain'
import { type Cluster, type Seat, seatsOf } from '../cluster/cluster.ts'
import type { Machine } from '../cluster/machine.ts'
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

/** Storage is lost for good; the operator replaces the HSM as soon as `undo` lets him. */
const loseStorage = (cluster: Cluster, zone: AvailabilityZone): Undo => {
  const { machines, controller } = cluster
  const [lost] = seatsIn(cluster, zone)
  for (const machine of machines) if (machine.zone === zone) machine.loseStorage()
  return () => {
    for (const machine of machines) machine.start()
    if (lost !== undefined) void controller.replace(lost.place, replacementOf(lost.place))
  }
}

/** Makes `fault` happen; the result ends it. */
export const applyFault = (cluster: Cluster, fault: Fault): Undo => {
  const { world, proxy } = cluster
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
      return loseStorage(cluster, fault.zone)
    case 'lose-feed':
      feed.loseFeed()
      return NOTHING
    case 'feed-down':
      feed.setDown(true)
      return () => feed.setDown(false)
    case 'kill-proxy':
      proxy.kill()
      return proxy.start
    case 'shift-clock':
      for (const machine of machinesOf(cluster, [fault.zone])) machine.shiftWall(fault.micros)
      return NOTHING
  }
}

/** Ends every fault: what is down comes back, what is cut is mended. Clocks stay as wrong as they are. */
export const mendEverything = (cluster: Cluster): void => {
  const { world, machines, proxy } = cluster
  world.bus.network.heal()
  world.bus.feed.setDown(false)
  setDisks(machines, { full: 0, error: 0 })
  for (const machine of machines) {
    machine.setDiskSlowness(1)
    machine.start()
  }
  proxy.start()
}
