import type { CryptoEngine } from '@hsmlab/crypto'
import type { Clock, DeviceStorage, Disk, KeyValueStore, Logger, Nvram, Random } from '@hsmlab/ports'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Zone } from '../bus/network.ts'
import type { Endpoint } from '../bus/seeded-bus.ts'
import { randomOf, type World } from './world.ts'

/** The ports of one running process; all of them die with it. */
export type Process = Readonly<{
  bus: Endpoint
  clock: Clock
  random: Random
  engine: CryptoEngine
  logger: Logger
  isAlive: () => boolean
  /** As SIGKILL does it: no timer fires, no message arrives or leaves, nothing that was asked for is answered. */
  kill: () => void
}>

export type ProcessOptions = Readonly<{
  /** Which one of its name: each start has random numbers of its own. */
  incarnation: number
  /** By how much its wall clock is wrong, in microseconds. */
  wallShiftMicros: () => number
}>

export const startProcess = (world: World, name: string, zone: Zone, options: ProcessOptions): Process => {
  const bus = world.bus.join(name, zone)
  const random = randomOf(world, `${name}/${options.incarnation}`)
  const startedAt = world.clock.monotonicMillis()
  let alive = true
  return {
    bus,
    random,
    engine: world.engine(random),
    logger: world.logger.with({ process: name }),
    clock: {
      wallMicros: () => world.clock.wallMicros() + options.wallShiftMicros(),
      monotonicMillis: () => world.clock.monotonicMillis() - startedAt,
      after: (delayMillis, run) =>
        world.clock.after(delayMillis, () => {
          if (alive) run()
        }),
    },
    isAlive: () => alive,
    kill: () => {
      alive = false
      bus.die()
    },
  }
}

const never = <Result>(): Promise<Result> => new Promise(() => undefined)

/** `task` as a process that may be dead by then would run it, or see its end. */
const mortal =
  (isAlive: () => boolean) =>
  <Failure, Result>(task: TE.TaskEither<Failure, Result>): TE.TaskEither<Failure, Result> =>
  async () => {
    if (!isAlive()) return await never()
    const result = await task()
    return isAlive() ? result : await never()
  }

const mortalCell = (cell: Nvram, isAlive: () => boolean): Nvram => {
  const guard = mortal(isAlive)
  return { read: () => guard(cell.read()), write: (bytes) => guard(cell.write(bytes)) }
}

const mortalStore = (store: KeyValueStore, isAlive: () => boolean): KeyValueStore => {
  const guard = mortal(isAlive)
  return {
    batch: (operations) => guard(store.batch(operations)),
    get: (key) => guard(store.get(key)),
    iterate: (range, visit) => guard(store.iterate(range, visit)),
    close: () => guard(store.close()),
  }
}

/** A disk as one process has it: after its death it is another one's. */
export const mortalDisk = (disk: Disk, isAlive: () => boolean): Disk => ({
  open: (create) => TE.map((store: KeyValueStore) => mortalStore(store, isAlive))(mortal(isAlive)(disk.open(create))),
  nvram: mortalCell(disk.nvram, isAlive),
})

/** The disks of a machine as one process on it has them: after its death they are another one's. */
export const mortalStorage = (storage: DeviceStorage, isAlive: () => boolean): DeviceStorage => ({
  list: async () => (isAlive() ? await storage.list() : await never()),
  home: (name) => {
    const { disk, deviceKey } = storage.home(name)
    return { disk: mortalDisk(disk, isAlive), deviceKey: mortalCell(deviceKey, isAlive) }
  },
  remove: async (name) => (isAlive() ? await storage.remove(name) : await never()),
})
