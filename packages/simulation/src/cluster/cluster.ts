import * as E from 'fp-ts/lib/Either.js'
import type { Hsm, HsmSettings } from '@hsmlab/application'
import { connectCluster } from '@hsmlab/client'
import type { Username } from '@hsmlab/domain'
import { invariant, utf8Bytes } from '@hsmlab/event-sourcing'
import { sleep } from '@hsmlab/ports'
import { simulatedCa } from '../certificates/simulated-certificates.ts'
import type { DiskFaults } from '../disk/seeded-disk.ts'
import { type Machine, newMachine } from './machine.ts'
import { CLIENT_ZONE, CLUSTER_ID, CONTROL_ZONE, type Place, PLACES } from './places.ts'
import { startProcess } from './process.ts'
import { newProxy, type Program, type Proxy } from './proxy.ts'
import { type ScriptedController, scriptedController } from './scripted-controller.ts'
import { randomOf, type World } from './world.ts'

export type ClusterOptions = Readonly<{
  syncPeriodMillis: number
  /** Programs that work without the availability check. */
  waivedFor: ReadonlyArray<ProgramName>
  /** Faults of every log disk, at all times. */
  brokenDisk?: Partial<DiskFaults>
}>

/** A cluster of three HSMs in three Availability Zones, active, with a proxy and its programs. */
export type Cluster = Readonly<{
  world: World
  machines: ReadonlyArray<Machine>
  proxy: Proxy
  controller: ScriptedController
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

const PASSWORD = 'password1'

/** Two programs of one crypto user share the proxy; the third is the administrator's tool. */
export const PROGRAMS = [
  { name: 'app-1', role: 'crypto-user', username: 'user1', password: PASSWORD },
  { name: 'app-2', role: 'crypto-user', username: 'user1', password: PASSWORD },
  { name: 'admin', role: 'admin', username: 'admin', password: PASSWORD },
] as const satisfies ReadonlyArray<Omit<Program, 'keyAvailabilityCheck'>>
export type ProgramName = (typeof PROGRAMS)[number]['name']

const ONE_ITERATION: Pick<HsmSettings, 'passwordIterations' | 'clusterKey'> = {
  passwordIterations: 1,
  clusterKey: 'ec',
}

const POLL_MILLIS = 20
const SET_UP_MILLIS_MAX = 60_000

/** Waits on the virtual clock; a condition that never comes is the fault of whoever promised it. */
const until = async (world: World, what: string, holds: () => boolean): Promise<void> => {
  const deadline = world.clock.monotonicMillis() + SET_UP_MILLIS_MAX
  while (!holds()) {
    invariant(world.clock.monotonicMillis() < deadline, `set up in time: ${what}`)
    await sleep(world.clock, POLL_MILLIS)
  }
}

/** How far the logs of all HSMs are on their disks, those included that have crashed. */
export const durableHeads = ({ machines }: Cluster): ReadonlyMap<string, number> =>
  new Map(machines.flatMap((machine) => [...machine.durableHeads()]))

/** Builds the cluster as a customer would, step by step. */
export const buildCluster = async (world: World, options: ClusterOptions): Promise<Cluster> => {
  const operator = startProcess(world, 'controller', CONTROL_ZONE, { incarnation: 1, wallShiftMicros: () => 0 })
  const { engine } = operator
  const keys = { channel: engine.x25519.generate(), signing: engine.ed25519.generate() }
  const ca = simulatedCa(randomOf(world, 'customer'))
  const rackKeys = PLACES.map(() => engine.x25519.generate())
  const machines = PLACES.flatMap(({ zone }, i) => {
    const rackKey = rackKeys[i]
    if (rackKey === undefined) return []
    const settings = { ...ONE_ITERATION, syncPeriodMillis: options.syncPeriodMillis }
    const { brokenDisk = {} } = options
    return newMachine(world, { zone, rackKey, controllerKey: keys.channel.publicKey, settings, brokenDisk })
  })
  for (const machine of machines) machine.start()
  await until(world, 'racks boot', () => machines.every((machine) => machine.rack() !== undefined))

  const racks = PLACES.map(({ zone }, i) => ({ zone, rackKey: rackKeys[i]?.publicKey ?? new Uint8Array(0) }))
  const controller = scriptedController(operator, keys, racks)
  const [first, ...others] = PLACES
  await controller.createFirst(first, ca)

  const tool = startProcess(world, 'cloudhsm-cli', CLIENT_ZONE, { incarnation: 1, wallShiftMicros: () => 0 })
  const client = connectCluster(
    { ...tool, certificates: world.certificates },
    {
      servers: [first.eniIp],
      hsmCaCertificate: ca.trustAnchor,
      retryMode: 'standard',
      controllerKey: keys.signing.publicKey,
      clusterId: CLUSTER_ID,
    },
  )
  const admin = client.openApplication('cloudhsm-cli', { keyAvailabilityCheck: true })
  const activated = await admin.activate(utf8Bytes(PASSWORD))
  invariant(E.isRight(activated), `the cluster is activated: ${JSON.stringify(activated)}`)
  const loggedIn = await admin.login('admin', 'admin', utf8Bytes(PASSWORD))
  invariant(E.isRight(loggedIn), 'the admin logs in')
  const created = await admin.createUser('user1' as Username, 'crypto-user', utf8Bytes(PASSWORD))
  invariant(E.isRight(created), 'the admin creates a crypto user')
  await client.close()
  tool.kill()

  for (const place of others) await controller.createNext(place)
  await until(world, 'HSMs serve', () => servingHsms({ machines, controller }) === PLACES.length)

  const proxy = newProxy(world, {
    trustAnchor: ca.trustAnchor,
    controllerKey: keys.signing.publicKey,
    programs: PROGRAMS.map((program) => ({
      ...program,
      keyAvailabilityCheck: !options.waivedFor.includes(program.name),
    })),
  })
  proxy.start()
  await until(world, 'programs log in', () => proxy.loggedIn() === PROGRAMS.length)
  await until(world, 'the proxy is connected to all HSMs', () => {
    const connections = proxy.client()?.connections() ?? []
    return connections.length === PLACES.length && connections.every(({ serving }) => serving)
  })
  return { world, machines, proxy, controller }
}
