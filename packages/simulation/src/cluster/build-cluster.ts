import * as E from 'fp-ts/lib/Either.js'
import type { HsmSettings } from '@hsmlab/application'
import { connectCluster } from '@hsmlab/client'
import type { X25519KeyPair } from '@hsmlab/crypto'
import type { Username } from '@hsmlab/domain'
import { invariant, utf8Bytes } from '@hsmlab/event-sourcing'
import { sleep } from '@hsmlab/ports'
import { simulatedCa } from '../certificates/simulated-certificates.ts'
import type { DiskFaults } from '../disk/seeded-disk.ts'
import { newAuditMachine } from './audit-machine.ts'
import { type Cluster, servingHsms } from './cluster.ts'
import { type Machine, type MachineImage, newMachine } from './machine.ts'
import { CLIENT_ZONE, CLUSTER_ID, CONTROL_ZONE, PLACES } from './places.ts'
import { startProcess } from './process.ts'
import { PASSWORD, type ProgramName, PROGRAMS } from './programs.ts'
import { newProxy } from './proxy.ts'
import {
  type ControllerKeys,
  type ControllerMemory,
  type ScriptedController,
  scriptedController,
} from './scripted-controller.ts'
import { randomOf, type World } from './world.ts'

export type ClusterOptions = Readonly<{
  syncPeriodMillis: number
  /** Programs that work without the availability check. */
  waivedFor: ReadonlyArray<ProgramName>
  /** Faults of every log disk, at all times. */
  brokenDisk?: Partial<DiskFaults>
}>

/** Who trusts whom: keys that outlive every process. */
type Trust = Readonly<{
  controllerKeys: ControllerKeys
  /** In the order of the places. */
  rackKeys: readonly [X25519KeyPair, X25519KeyPair, X25519KeyPair]
  /** The customer's CA, as clients are given it. */
  trustAnchor: string
}>

/** A cluster as it lies on its disks, to be started again in another world. */
export type ClusterImage = Readonly<{
  trust: Trust
  controller: ControllerMemory
  machines: ReadonlyArray<MachineImage>
  /** When it was taken, in microseconds since 1970. */
  wallMicros: number
}>

const CHEAP: Pick<HsmSettings, 'passwordIterations' | 'clusterKey'> = { passwordIterations: 1, clusterKey: 'ec' }

const POLL_MILLIS = 50
const SET_UP_MILLIS_MAX = 60_000

/** Waits on the virtual clock; a condition that never comes is the fault of whoever promised it. */
const until = async ({ clock }: World, what: string, holds: () => boolean): Promise<void> => {
  const deadline = clock.monotonicMillis() + SET_UP_MILLIS_MAX
  while (!holds()) {
    invariant(clock.monotonicMillis() < deadline, `set up in time: ${what}`)
    await sleep(clock, POLL_MILLIS)
  }
}

const newMachines = (
  world: World,
  { controllerKeys, rackKeys }: Trust,
  { syncPeriodMillis, brokenDisk = {} }: ClusterOptions,
): ReadonlyArray<Machine> =>
  PLACES.map(({ zone }, i) =>
    newMachine(world, {
      zone,
      rackKey: rackKeys[i] ?? rackKeys[0],
      controllerKey: controllerKeys.channel.publicKey,
      settings: { ...CHEAP, syncPeriodMillis },
      brokenDisk,
    }),
  )

const startController = (world: World, trust: Trust, memory?: ControllerMemory): ScriptedController => {
  const process = startProcess(world, 'controller', CONTROL_ZONE, { incarnation: 1, wallShiftMicros: () => 0 })
  const racks = PLACES.map(({ zone }, i) => ({ zone, rackKey: (trust.rackKeys[i] ?? trust.rackKeys[0]).publicKey }))
  return scriptedController(process, trust.controllerKeys, racks, memory)
}

/** The first password, the first user: what is done once in the life of a cluster. */
const activate = async (world: World, { trustAnchor, controllerKeys }: Trust): Promise<void> => {
  const tool = startProcess(world, 'cloudhsm-cli', CLIENT_ZONE, { incarnation: 1, wallShiftMicros: () => 0 })
  const client = connectCluster(
    { ...tool, certificates: world.certificates },
    {
      servers: [PLACES[0].eniIp],
      hsmCaCertificate: trustAnchor,
      retryMode: 'standard',
      controllerKey: controllerKeys.signing.publicKey,
      clusterId: CLUSTER_ID,
    },
  )
  const admin = client.openApplication('cloudhsm-cli', { keyAvailabilityCheck: true })
  const activated = await admin.activate(utf8Bytes(PASSWORD))
  invariant(E.isRight(activated), 'the cluster is activated')
  const loggedIn = await admin.login('admin', 'admin', utf8Bytes(PASSWORD))
  invariant(E.isRight(loggedIn), 'the admin logs in')
  const created = await admin.createUser('user1' as Username, 'crypto-user', utf8Bytes(PASSWORD))
  invariant(E.isRight(created), 'the admin creates a crypto user')
  await client.close()
  tool.kill()
}

/** Waits until every HSM serves, then connects the proxy and its programs. */
const open = async (
  world: World,
  { trustAnchor, controllerKeys }: Trust,
  { waivedFor }: ClusterOptions,
  parts: Pick<Cluster, 'machines' | 'controller'>,
): Promise<Cluster> => {
  await until(world, 'HSMs serve', () => servingHsms(parts) === PLACES.length)
  const proxy = newProxy(world, {
    trustAnchor,
    controllerKey: controllerKeys.signing.publicKey,
    programs: PROGRAMS.map((program) => ({ ...program, keyAvailabilityCheck: !waivedFor.includes(program.name) })),
  })
  proxy.start()
  await until(world, 'programs log in', () => proxy.loggedIn() === PROGRAMS.length)
  await until(world, 'the proxy is connected to all HSMs', () => {
    const connections = proxy.client()?.connections() ?? []
    return connections.length === PLACES.length && connections.every(({ serving }) => serving)
  })
  const audit = newAuditMachine(world, controllerKeys.signing.publicKey)
  audit.start()
  return { world, ...parts, proxy, audit, findings: [] }
}

const startMachines = async (world: World, machines: ReadonlyArray<Machine>): Promise<void> => {
  for (const machine of machines) machine.start()
  await until(world, 'racks boot', () => machines.every((machine) => machine.rack() !== undefined))
}

export type BuiltCluster = Readonly<{ cluster: Cluster; image: () => ClusterImage }>

/** Builds a cluster as a customer does, step by step; `image` is what lies on its disks when that is asked. */
export const buildCluster = async (world: World, options: ClusterOptions): Promise<BuiltCluster> => {
  const engine = world.engine(randomOf(world, 'trust'))
  const ca = simulatedCa(randomOf(world, 'customer'))
  const trust: Trust = {
    controllerKeys: { channel: engine.x25519.generate(), signing: engine.ed25519.generate() },
    rackKeys: [engine.x25519.generate(), engine.x25519.generate(), engine.x25519.generate()],
    trustAnchor: ca.trustAnchor,
  }
  const machines = newMachines(world, trust, options)
  await startMachines(world, machines)
  const controller = startController(world, trust)
  const [first, ...others] = PLACES
  await controller.createFirst(first, ca)
  await activate(world, trust)
  for (const place of others) await controller.createNext(place)
  const cluster = await open(world, trust, options, { machines, controller })
  const image = (): ClusterImage => ({
    trust,
    controller: controller.memory(),
    machines: machines.map((machine) => machine.image()),
    wallMicros: world.clock.wallMicros(),
  })
  return { cluster, image }
}

/** Starts a cluster from its disks, as after a loss of power everywhere. */
export const resumeCluster = async (world: World, image: ClusterImage, options: ClusterOptions): Promise<Cluster> => {
  world.clock.shiftWall(image.wallMicros - world.clock.wallMicros())
  const machines = newMachines(world, image.trust, options)
  for (const [i, machine] of machines.entries()) machine.restore(image.machines[i] ?? new Map())
  const controller = startController(world, image.trust, image.controller)
  await startMachines(world, machines)
  return await open(world, image.trust, options, { machines, controller })
}
