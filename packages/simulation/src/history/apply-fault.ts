import type { AvailabilityZone } from '@hsmlab/domain'
import type { Cluster } from '../cluster/cluster.ts'
import type { Machine } from '../cluster/machine.ts'
import { PLACES } from '../cluster/places.ts'
import type { DiskFaults } from '../disk/seeded-disk.ts'
import type { Fault } from './steps.ts'

type Undo = () => void
const NOTHING: Undo = () => undefined

const machinesOf = ({ machines }: Cluster, zones: ReadonlyArray<AvailabilityZone>): ReadonlyArray<Machine> =>
  machines.filter(({ zone }) => zones.includes(zone))

const setDisks = (machines: ReadonlyArray<Machine>, faults: Partial<DiskFaults>): void => {
  for (const machine of machines) for (const disk of machine.disks().values()) disk.setFaults(faults)
}

const hsmOf = ({ zone }: Machine) => PLACES.find((place) => place.zone === zone)?.hsmId

const crashHsm = (machine: Machine): void => {
  const hsmId = hsmOf(machine)
  if (hsmId !== undefined) void machine.rack()?.crashHsm(hsmId)
}

/** Has the rack start its HSM again, where it runs without it. */
export const restartHsm = (machine: Machine): void => {
  const hsmId = hsmOf(machine)
  const rack = machine.rack()
  if (hsmId !== undefined && rack?.hsm(hsmId) === undefined) void rack?.restartHsm(hsmId)
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
      const machines = machinesOf(cluster, [fault.zone])
      machines.forEach(crashHsm)
      return () => machines.forEach(restartHsm)
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
      const machines = machinesOf(cluster, [fault.zone])
      for (const machine of machines) machine.setDiskSlowness(fault.factor)
      return () => machines.forEach((machine) => machine.setDiskSlowness(1))
    }
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
    restartHsm(machine)
  }
  proxy.start()
}
