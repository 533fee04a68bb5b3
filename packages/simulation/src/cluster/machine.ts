import { type HsmSettings, type Rack, startRack } from '@hsmlab/application'
import type { X25519KeyPair } from '@hsmlab/crypto'
import type { AvailabilityZone, HsmId } from '@hsmlab/domain'
import { type DeviceHome, type DeviceStorage, sleep } from '@hsmlab/ports'
import { simulatedHardware } from '../certificates/simulated-certificates.ts'
import { type DiskFaults, type DiskImage, type DiskStep, type SeededDisk, seededDisk } from '../disk/seeded-disk.ts'
import { diceFrom, numbersFrom } from '../random/dice.ts'
import { mortalStorage, type Process, startProcess } from './process.ts'
import type { World } from './world.ts'

/** How long the disk takes, in milliseconds: from, to. */
const DISK_MILLIS: Readonly<Record<DiskStep, readonly [number, number]>> = {
  open: [0.5, 2],
  read: [0.05, 0.3],
  write: [0.05, 0.3],
  sync: [0.2, 2],
  cell: [0.2, 1],
}

type Device = Readonly<{ log: SeededDisk; deviceKey: SeededDisk }>

/** What lies on the disks of a machine, by HSM. */
export type MachineImage = ReadonlyMap<string, Readonly<{ log: DiskImage; deviceKey: DiskImage }>>

/**
 * `gone`: everything, the keys of the devices too. `emptied`, `deleted`: the stores. `rotten`: one bit. `holed`: entries
 * from the middle. `rolled-back`: the stores are what they were when the history began.
 */
export type Damage = 'gone' | 'emptied' | 'deleted' | 'rotten' | 'holed' | 'rolled-back'

/** Whether there was something to damage. */
const damageDisk = (disk: SeededDisk, how: Damage, older: DiskImage | undefined): boolean => {
  switch (how) {
    case 'gone':
      return true
    case 'emptied':
      disk.emptyStore()
      return true
    case 'deleted':
      disk.deleteStore()
      return true
    case 'rotten':
      return disk.rot()
    case 'holed':
      return disk.loseMiddle()
    case 'rolled-back':
      if (older !== undefined) disk.restore(older, 'store')
      return older !== undefined
  }
}

/** What never changes about a machine. */
export type MachinePart = Readonly<{
  zone: AvailabilityZone
  rackKey: X25519KeyPair
  /** Raw X25519 public key of the controller. */
  controllerKey: Uint8Array
  settings: HsmSettings
  /** Changes what the rack's log disks do: for tests that break them on purpose. */
  brokenDisk?: Partial<DiskFaults>
}>

/** The computer of one Availability Zone, with the disks of its HSMs, and the rack that runs on it or does not. */
export interface Machine {
  readonly zone: AvailabilityZone
  readonly rack: () => Rack | undefined
  /** Boots it; a machine that runs is left alone. It has booted when `rack` is there. */
  readonly start: () => void
  /** The process dies, the machine lives on. */
  readonly killProcess: () => void
  readonly losePower: () => void
  /** Power fails, and what lies on the disks of the HSMs' logs is no longer what was written: true when it differs. */
  readonly damage: (how: Damage) => boolean
  readonly image: () => MachineImage
  /** Remembers what lies on the disks now, for a disk that is rolled back later. */
  readonly remember: () => void
  /** Puts an image onto the disks of a machine that has not been started yet. */
  readonly restore: (image: MachineImage) => void
  /** Disks of the HSMs' logs, by HSM. */
  readonly disks: () => ReadonlyMap<string, SeededDisk>
  /** How far each log was on its disk when last seen: running, or before it died. */
  readonly durableHeads: () => ReadonlyMap<string, number>
  /** Moves the wall clock, either way, in microseconds. */
  readonly shiftWall: (micros: number) => void
  /** How much longer than usual its disks take: 1 is as usual. */
  readonly setDiskSlowness: (factor: number) => void
}

/** The keys that all HSMs of this maker share. */
const BACKUP_AUTHORITIES = { manufacturerKey: new Uint8Array(32).fill(1), awsKey: new Uint8Array(32).fill(2) }

export const newMachine = (world: World, part: MachinePart): Machine => {
  const { zone } = part
  const devices = new Map<string, Device>()
  const heads = new Map<string, number>()
  /** As `heads`, but of an HSM that stopped by itself how far it had come when last seen. */
  const reached = new Map<string, number>()
  let remembered: Readonly<{ image: MachineImage; heads: ReadonlyMap<string, number> }> | undefined
  let slowness = 1
  let wallShift = 0
  let incarnation = 0
  let process: Process | undefined
  let rack: Rack | undefined

  const newDisk = (name: string, faults: Partial<DiskFaults>): SeededDisk => {
    const dice = diceFrom(`${world.seed}/disk/${name}/time`)
    const wait = (step: DiskStep): Promise<void> =>
      sleep(world.clock, slowness * dice.between(DISK_MILLIS[step][0], DISK_MILLIS[step][1]))
    return seededDisk({ random: numbersFrom(`${world.seed}/disk/${name}`), faults, wait })
  }
  const deviceOf = (name: string): Device => {
    const device = devices.get(name) ?? {
      log: newDisk(`${name}/log`, part.brokenDisk ?? {}),
      deviceKey: newDisk(`${name}/key`, {}),
    }
    devices.set(name, device)
    return device
  }
  const homeOf = (name: string): DeviceHome => {
    const { log, deviceKey } = deviceOf(name)
    return { disk: log, deviceKey: deviceKey.nvram }
  }
  const storage: DeviceStorage = {
    list: () => Promise.resolve([...devices.keys()]),
    home: homeOf,
    remove: (name) => Promise.resolve(void devices.delete(name)),
  }

  const boot = async (running: Process): Promise<void> => {
    const { bus, clock, random, engine, logger, isAlive } = running
    const started = await startRack(
      {
        bus,
        clock,
        random,
        engine,
        logger,
        certificates: world.certificates,
        hardware: simulatedHardware,
        settings: part.settings,
        backupAuthorities: BACKUP_AUTHORITIES,
      },
      {
        availabilityZone: zone,
        rackKey: part.rackKey,
        controllerKey: part.controllerKey,
        storage: mortalStorage(storage, isAlive),
      },
    )
    if (isAlive()) rack = started
  }

  const noteHeads = (): void => {
    for (const hsmId of rack?.hsmIds() ?? []) {
      const hsm = rack?.hsm(hsmId)
      const head = hsm?.store.durableHead().revision
      if (head !== undefined) reached.set(hsmId, head)
      // Nobody sees how far the log has come of an HSM that stopped by itself.
      heads.set(hsmId, head ?? Infinity)
    }
  }

  const die = (stop: (disk: SeededDisk) => void): void => {
    noteHeads()
    process?.kill()
    process = undefined
    rack = undefined
    for (const { log, deviceKey } of devices.values()) {
      stop(log)
      stop(deviceKey)
    }
  }

  const image = (): MachineImage =>
    new Map(
      [...devices].map(([name, { log, deviceKey }]) => [name, { log: log.image(), deviceKey: deviceKey.image() }]),
    )

  return {
    zone,
    rack: () => rack,
    start: () => {
      if (process !== undefined) return
      incarnation += 1
      process = startProcess(world, `rack ${zone}`, zone, { incarnation, wallShiftMicros: () => wallShift })
      void boot(process)
    },
    killProcess: () => die((disk) => disk.killProcess()),
    losePower: () => die((disk) => disk.losePower()),
    damage: (how) => {
      die((disk) => disk.losePower())
      if (how === 'gone') devices.clear()
      let isDamaged = devices.size > 0 || how === 'gone'
      for (const [name, { log }] of devices) {
        const hasGrown = (reached.get(name) ?? 0) > (remembered?.heads.get(name) ?? Infinity)
        const older = hasGrown ? remembered?.image.get(name)?.log : undefined
        isDamaged = damageDisk(log, how, older) && isDamaged
      }
      return isDamaged
    },
    image,
    remember: () => {
      // What is on its way to the disk may lie there already.
      const head = (hsmId: HsmId): number => rack?.hsm(hsmId)?.store.speculativeHead().revision ?? Infinity
      remembered = { image: image(), heads: new Map(rack?.hsmIds().map((hsmId) => [hsmId, head(hsmId)])) }
    },
    restore: (image) => {
      for (const [name, { log, deviceKey }] of image) {
        const device = deviceOf(name)
        device.log.restore(log)
        device.deviceKey.restore(deviceKey)
      }
    },
    disks: () => new Map([...devices].map(([name, { log }]) => [name, log])),
    durableHeads: () => {
      noteHeads()
      return new Map(heads)
    },
    shiftWall: (micros) => {
      wallShift += micros
    },
    setDiskSlowness: (factor) => {
      slowness = factor
    },
  }
}
