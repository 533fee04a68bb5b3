import { nobleEngine } from '@hsmlab/crypto/noble'
import { memoryBus, memoryDisk, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import type { Disk } from '@hsmlab/ports'
import type { Cluster, ClusterId, HsmId } from '@hsmlab/domain'
import * as E from 'fp-ts/lib/Either.js'
import {
  type ControllerLab,
  controllerLab,
  LAB_WORLD,
  LAB_ZONES,
  type LabOptions,
} from '../../src/controller/testing/index.ts'

export const [zoneA, zoneB, zoneC] = LAB_ZONES as [
  (typeof LAB_ZONES)[number],
  (typeof LAB_ZONES)[number],
  (typeof LAB_ZONES)[number],
]

const STEPS_MAX = 2000

/** A lab whose time passes only while something is waited for. */
export const virtualLab = async (
  options: LabOptions = {},
  seed = 1,
  interfere: (disk: Disk) => Disk = (disk) => disk,
) => {
  const clock = virtualClock({ settle: () => new Promise((resolve) => void setImmediate(resolve)) })
  const random = seededRandom(seed)
  const bus = memoryBus({ clock })
  const logger = memoryLogger()
  const engine = nobleEngine({ random })
  const disk = interfere(memoryDisk())
  const vault = memoryDisk()
  const env = { clock, random, bus, logger, engine, disk, vault }
  const lab = await controllerLab(env, options)

  const until = async (holds: () => boolean): Promise<void> => {
    for (let step = 0; step < STEPS_MAX && !holds(); step++) await clock.advanceToNext()
    if (!holds()) throw new Error('it never came to be')
  }
  return { ...lab, until, env, clock, logger, bus, disk, vault }
}
export type VirtualLab = Omit<ControllerLab, 'until'> & Awaited<ReturnType<typeof virtualLab>>

export const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(`refused: ${JSON.stringify(either.left)}`)
  return either.right
}

export const subnetIds = (lab: VirtualLab): ReadonlyArray<string> =>
  lab
    .controller()
    .vpc(LAB_WORLD)
    .subnets.map(({ subnetId }) => subnetId)

export const createCluster = async (lab: VirtualLab): Promise<ClusterId> => {
  const request = { hsmType: 'hsm2m.medium', mode: 'FIPS', subnetIds: subnetIds(lab) } as const
  const { clusterId } = right(await lab.controller().createCluster(LAB_WORLD, request)())
  await lab.until(() => lab.cluster(clusterId).phase === 'UNINITIALIZED')
  return clusterId
}

export const createHsm = async (lab: VirtualLab, clusterId: ClusterId, availabilityZone = zoneA): Promise<HsmId> => {
  const { hsmId } = right(await lab.controller().createHsm(LAB_WORLD, { clusterId, availabilityZone })())
  await lab.until(() => lab.cluster(clusterId).hsms[hsmId]?.state === 'ACTIVE')
  return hsmId
}

export const initialize = async (lab: VirtualLab, clusterId: ClusterId): Promise<Cluster> => {
  const request = { clusterId, signedCert: 'cert', trustAnchor: 'ca' }
  right(await lab.controller().initializeCluster(LAB_WORLD, request)())
  await lab.until(() => lab.cluster(clusterId).phase === 'INITIALIZED')
  return lab.cluster(clusterId)
}

/** An ACTIVE cluster with one HSM in the first zone, and a backup of it. */
export const activeCluster = async (lab: VirtualLab) => {
  const clusterId = await createCluster(lab)
  const first = await createHsm(lab, clusterId)
  await initialize(lab, clusterId)
  lab.rack(zoneA).activate(first)
  await lab.until(() => lab.cluster(clusterId).backups.length === 1)
  return { clusterId, first }
}
