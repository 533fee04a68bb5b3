import * as E from 'fp-ts/lib/Either.js'
import type { Disk, KeyValueStore, Nvram, StoreFailure } from '@hsmlab/ports'
import type { OrderedBytes } from '@hsmlab/ports/memory'
import { type Chance, chanceOf } from './chance.ts'
import { applyBatch, newPlatter, type Platter } from './platter.ts'
import { flipBit, loseRun } from './tamper.ts'

/** How likely each fault is, per operation it can befall; 0 to 1. */
export type DiskFaults = Readonly<{
  /**
   * A batch finds no space and fails; then there is space again. As LevelDB does, the store takes what follows, shows
   * it, acknowledges it, and has none of it when it is opened next.
   */
  full: number
  /** A batch fails in its sync, and all later ones too. Whether it is on the disk, the next opening tells. */
  error: number
  /** A batch is acknowledged and stays in the cache until a later sync. */
  syncLie: number
  /** The cell is acknowledged and stays in the cache until the next write. */
  cellSyncLie: number
  /** The cell cannot be written. */
  cellError: number
  /** One bit of one stored value flips before it is read. */
  rot: number
}>

export type DiskStep = 'open' | 'read' | 'write' | 'sync' | 'cell'

export type SeededDiskOptions = Readonly<{
  /** Numbers in [0, 1); one stream per disk, so that other faults do not reshuffle these. */
  random: () => number
  faults?: Partial<DiskFaults>
  /** How long a step takes, on the clock of the simulation; nothing by itself. */
  wait?: (step: DiskStep) => Promise<void>
}>

/** All that lies on a disk, to be put back later. */
export type DiskImage = Readonly<{ platter: Platter | undefined; cell: Uint8Array | undefined }>

/** Names of faults that have happened, and how often. */
export type FaultCounts = Readonly<Record<string, number>>

/** A disk that fails by chance and on command, the same way for the same random numbers. */
export interface SeededDisk extends Disk {
  /** From now on; what is not named stays as it is. */
  readonly setFaults: (faults: Partial<DiskFaults>) => void
  /** The next batch (or cell) meets this fault, whatever its likelihood. */
  readonly failNext: (fault: 'full' | 'error' | 'syncLie' | 'cellSyncLie' | 'cellError') => void
  /** The process dies, the machine lives on: its cache reaches the disk. What it was doing never answers. */
  readonly killProcess: () => void
  /** The machine dies: of its cache, a random prefix had reached the disk. What it was doing never answers. */
  readonly losePower: () => void
  /** Flips one bit of one stored key or value; false when nothing is stored. */
  readonly rot: (where?: 'key' | 'value') => boolean
  /** Entries vanish from the middle, as after one flipped bit in LevelDB's log; false when there are too few. */
  readonly loseMiddle: () => boolean
  readonly deleteStore: () => void
  readonly emptyStore: () => void
  readonly deleteCell: () => void
  readonly image: () => DiskImage
  /** Puts an older copy back, as a whole or in part. The disk must not be open. */
  readonly restore: (image: DiskImage, what?: 'store' | 'cell' | 'both') => void
  readonly faultCounts: () => FaultCounts
}

const NO_FAULTS: DiskFaults = { full: 0, error: 0, syncLie: 0, cellSyncLie: 0, cellError: 0, rot: 0 }

const unavailable: E.Either<StoreFailure, never> = E.left({ _tag: 'StoreUnavailable' })
const RUN_LENGTH = 64

type Answer<Result> = E.Either<StoreFailure, Result>

/** A promise for those who were asked by a process that is no more. */
const never = <Result>(): Promise<Result> => new Promise(() => undefined)

const atOnce = (): Promise<void> => Promise.resolve()

type Machine = {
  readonly chance: Chance
  readonly count: (fault: string) => void
  /** True when the fault was ordered, or its chance came. */
  readonly strikes: (fault: keyof DiskFaults) => boolean
  readonly wait: (step: DiskStep) => Promise<void>
  process: number
  platter: Platter | undefined
  cell: Uint8Array | undefined
  cachedCell: Uint8Array | undefined
  isOpen: boolean
}

/** One opening of the store. `view` is what its process sees: what is on the platter, and what it was lied about. */
const openHandle = (machine: Machine, platter: Platter): KeyValueStore => {
  const { process } = machine
  const view = platter.contents()
  let condition: 'sound' | 'lying' | 'broken' | 'closed' = 'sound'

  const refused = (): boolean => condition === 'broken' || condition === 'closed'

  const writeAndSync = async (batch: Parameters<Platter['cache']>[0]): Promise<Answer<void>> => {
    await machine.wait('write')
    if (machine.process !== process) return await never()
    if (refused()) return unavailable
    if (condition !== 'lying' && machine.strikes('full')) {
      condition = 'lying'
      return E.left({ _tag: 'StoreFull' })
    }
    applyBatch(view, batch)
    if (condition === 'lying') {
      machine.count('lie')
      return E.right(undefined)
    }
    platter.cache(batch)
    if (machine.strikes('error')) {
      condition = 'broken'
      if (machine.chance.happens(0.5)) platter.sync()
      else platter.losePower(0)
      return unavailable
    }
    await machine.wait('sync')
    if (machine.process !== process) return await never()
    if (!machine.strikes('syncLie')) platter.sync()
    return E.right(undefined)
  }

  const read = async <Result>(look: (bytes: OrderedBytes) => Result): Promise<Answer<Result>> => {
    await machine.wait('read')
    if (machine.process !== process) return await never()
    if (condition === 'closed') return unavailable
    if (machine.strikes('rot')) flipBit(view, machine.chance, 'value')
    return E.right(look(view))
  }

  return {
    batch: (operations) => () => writeAndSync(operations),
    get: (key) => () => read((bytes) => bytes.get(key)),
    iterate: (range, visit) => () =>
      read((bytes) => {
        const entries = bytes.range(range)
        for (let start = 0; start < entries.length; start += RUN_LENGTH) {
          if (visit(entries.slice(start, start + RUN_LENGTH)) === false) return
        }
      }),
    close: () => async () => {
      if (machine.process !== process) return await never()
      if (condition === 'closed') return E.right(undefined)
      condition = 'closed'
      machine.isOpen = false
      return E.right(undefined)
    },
  }
}

const cellOf = (machine: Machine): Nvram => ({
  read: () => {
    const { process } = machine
    return async () => {
      await machine.wait('cell')
      if (machine.process !== process) return await never()
      return E.right((machine.cachedCell ?? machine.cell)?.slice())
    }
  },
  write: (cell) => {
    const { process } = machine
    return async () => {
      if (machine.process !== process) return await never()
      if (machine.strikes('cellError')) return unavailable
      machine.cachedCell = cell.slice()
      await machine.wait('cell')
      if (machine.process !== process) return await never()
      if (machine.strikes('cellSyncLie')) return E.right(undefined)
      machine.cell = machine.cachedCell
      machine.cachedCell = undefined
      return E.right(undefined)
    }
  },
})

/** The disk of one simulated machine. Without faults it behaves as every other disk does. */
export const seededDisk = ({ random, faults: initial = {}, wait = atOnce }: SeededDiskOptions): SeededDisk => {
  let faults: DiskFaults = { ...NO_FAULTS, ...initial }
  const ordered = new Set<keyof DiskFaults>()
  const counts = new Map<string, number>()
  const chance = chanceOf(random)
  const count = (fault: string): void => void counts.set(fault, (counts.get(fault) ?? 0) + 1)

  const machine: Machine = {
    chance,
    count,
    strikes: (fault) => {
      const strikes = ordered.delete(fault) || chance.happens(faults[fault])
      if (strikes) count(fault)
      return strikes
    },
    wait,
    process: 0,
    platter: undefined,
    cell: undefined,
    cachedCell: undefined,
    isOpen: false,
  }

  /** The process is gone, and with it its lock and its view. */
  const endProcess = (): void => {
    machine.process += 1
    machine.isOpen = false
  }
  const settleCell = (reached: boolean): void => {
    if (reached) machine.cell = machine.cachedCell ?? machine.cell
    machine.cachedCell = undefined
  }
  const tampered = (change: (bytes: OrderedBytes) => boolean): boolean => {
    let changed = false
    machine.platter?.tamper((bytes) => {
      changed = change(bytes)
    })
    return changed
  }

  const open = async (create: boolean, process: number): Promise<Answer<KeyValueStore>> => {
    await machine.wait('open')
    if (machine.process !== process) return await never()
    if (machine.isOpen) return E.left({ _tag: 'StoreLocked' })
    if (machine.platter === undefined && !create) return E.left({ _tag: 'StoreMissing' })
    machine.platter ??= newPlatter()
    machine.isOpen = true
    return E.right(openHandle(machine, machine.platter))
  }

  return {
    open: (create) => {
      const { process } = machine
      return () => open(create, process)
    },
    nvram: cellOf(machine),
    setFaults: (changed) => {
      faults = { ...faults, ...changed }
    },
    failNext: (fault) => void ordered.add(fault),
    killProcess: () => {
      endProcess()
      machine.platter?.sync()
      settleCell(true)
      count('killProcess')
    },
    losePower: () => {
      endProcess()
      const cached = machine.platter?.cachedBatches() ?? 0
      machine.platter?.losePower(chance.below(cached + 1))
      settleCell(machine.cachedCell !== undefined && chance.happens(0.5))
      count('losePower')
    },
    rot: (where = 'value') => tampered((bytes) => flipBit(bytes, chance, where)),
    loseMiddle: () => tampered((bytes) => loseRun(bytes, chance)),
    deleteStore: () => {
      machine.platter = undefined
    },
    emptyStore: () => {
      machine.platter = newPlatter()
    },
    deleteCell: () => {
      machine.cell = undefined
      machine.cachedCell = undefined
    },
    image: () => ({ platter: machine.platter?.copy(), cell: (machine.cachedCell ?? machine.cell)?.slice() }),
    restore: (image, what = 'both') => {
      if (what !== 'cell') machine.platter = image.platter?.copy()
      if (what === 'store') return
      machine.cell = image.cell?.slice()
      machine.cachedCell = undefined
    },
    faultCounts: () => Object.fromEntries(counts),
  }
}
