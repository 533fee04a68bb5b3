import type { Hsm } from '@hsmlab/application'
import type { Violation } from '../check/violation.ts'
import type { AuditMachine } from './audit-machine.ts'
import type { Machine } from './machine.ts'
import type { Place } from './places.ts'
import type { Proxy } from './proxy.ts'
import type { ScriptedController } from './scripted-controller.ts'
import type { World } from './world.ts'

/** A cluster of three HSMs in three Availability Zones, active, with a proxy and its programs. */
export type Cluster = Readonly<{
  world: World
  machines: ReadonlyArray<Machine>
  proxy: Proxy
  controller: ScriptedController
  audit: AuditMachine
  /** What was noticed on the way. */
  findings: Violation[]
}>

/** A machine, and the HSM that belongs to the cluster there. */
export type Seat = Readonly<{ machine: Machine; place: Place; hsm: () => Hsm | undefined }>

export const seatsOf = ({ machines, controller }: Pick<Cluster, 'machines' | 'controller'>): ReadonlyArray<Seat> =>
  controller.places().flatMap((place) => {
    const machine = machines.find(({ zone }) => zone === place.zone)
    return machine === undefined ? [] : [{ machine, place, hsm: () => machine.rack()?.hsm(place.hsmId) }]
  })

/** How many HSMs of the cluster serve. */
export const servingHsms = (cluster: Pick<Cluster, 'machines' | 'controller'>): number =>
  seatsOf(cluster).filter(({ hsm }) => hsm()?.describe().condition === 'serving').length

/** How far the logs of all HSMs are on their disks, those included that have crashed. */
export const durableHeads = ({ machines }: Cluster): ReadonlyMap<string, number> =>
  new Map(machines.flatMap((machine) => [...machine.durableHeads()]))

/** How many records of each HSM's log the audit sink has taken in; the last of them may not be on its disk yet. */
export const auditedLengths = ({ audit }: Pick<Cluster, 'audit'>): ReadonlyMap<string, number> =>
  new Map([...(audit.sink()?.state.logs.values() ?? [])].map(({ hsmId, length }) => [hsmId, length]))

/** The audit sink has taken in all that is on the disks of the HSMs that run. */
export const auditIsComplete = (cluster: Cluster): boolean => {
  if (cluster.audit.sink() === undefined) return false
  const lengths = auditedLengths(cluster)
  return seatsOf(cluster).every(({ place, hsm }) => {
    const length = hsm()?.store.durableHead().revision ?? 0
    return (lengths.get(place.hsmId) ?? 0) >= length
  })
}
