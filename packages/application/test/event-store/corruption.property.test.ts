import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import type { Disk, StoreEntry } from '@hsmlab/ports'
import { memoryDisk } from '@hsmlab/ports/memory'
import { append, create, open, right, textOf } from './fixture.ts'

const EVERYTHING = { from: Uint8Array.of(), to: new Uint8Array(20).fill(0xff) }

/** A disk that holds exactly `entries`, and `cell` beside them. */
const diskOf = async (entries: ReadonlyArray<StoreEntry>, cell: Uint8Array): Promise<Disk> => {
  const disk = memoryDisk()
  const store = right(await disk.open(true)())
  right(await store.batch(entries.map((entry) => ({ type: 'put', ...entry }) as const))())
  right(await store.close()())
  right(await disk.nvram.write(cell)())
  return disk
}

/** A closed log of a few batches, as the bytes it left: with a snapshot, or without. */
const logBytes = async (batches: ReadonlyArray<ReadonlyArray<string>>, snapshotAt: number | undefined) => {
  const disk = memoryDisk()
  const log = await create(disk)
  for (const batch of batches) await append(log, ...batch)
  if (snapshotAt !== undefined) right(await log.saveSnapshot(snapshotAt, new TextEncoder().encode('state'))())
  right(await log.close()())
  const entries: Array<StoreEntry> = []
  const store = right(await disk.open(false)())
  right(await store.iterate(EVERYTHING, (run) => void entries.push(...run))())
  right(await store.close()())
  return { entries, cell: right(await disk.nvram.read()()) ?? new Uint8Array(0) }
}

const NO_STATE = { fromSnapshot: () => false, record: () => undefined }

/** What whoever opens the log gets to see: a name of what is wrong, or records and the snapshots that were dropped. */
const outcome = async (disk: Disk, fromSnapshot: boolean) => {
  const opened = await open(disk, fromSnapshot ? {} : { replay: NO_STATE })
  if (E.isLeft(opened)) return { failure: opened.left._tag, served: [], dropped: 0 }
  const log = opened.right
  const served: Array<string> = []
  const read = await log.read(0, Infinity, (_, record) => void served.push(textOf(record)))()
  const scrubbed = await log.scrub()()
  const failure = E.isLeft(read) ? read.left._tag : E.isLeft(scrubbed) ? scrubbed.left._tag : undefined
  return { failure, served, dropped: log.snapshotsDropped }
}

const batches = fc.array(fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 4,
})
const NAMED = ['LogDamaged', 'LogRolledBack', 'LogMissing', 'LogForeign']

const withByte = (bytes: Uint8Array, at: number, change: number): Uint8Array => {
  const changed = Uint8Array.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ change
  return changed
}

testProp(
  'any single byte changed in any key or value is noticed and named, and nothing altered is served',
  [batches, fc.boolean(), fc.boolean(), fc.boolean(), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 })],
  async (t, written, withSnapshot, fromSnapshot, inKey, entrySeed, byteSeed, change) => {
    const truth = written.flat()
    const { entries, cell } = await logBytes(written, withSnapshot ? truth.length - 1 : undefined)
    const index = entrySeed % entries.length
    const altered = entries.map((entry, i) => {
      if (i !== index) return entry
      const { key, value } = entry
      return inKey
        ? { key: withByte(key, byteSeed % key.length, change), value }
        : { key, value: withByte(value, byteSeed % value.length, change) }
    })
    const { failure, served, dropped } = await outcome(await diskOf(altered, cell), fromSnapshot)
    if (failure === undefined) t.is(dropped, 1)
    else t.true(NAMED.includes(failure), failure)
    t.deepEqual(served, truth.slice(0, served.length))
    if (failure === undefined) t.deepEqual(served, truth)
  },
  { numRuns: 400 },
)

testProp(
  'any entry that is gone, doubled or swapped with another is noticed and named',
  [batches, fc.constantFrom('gone', 'doubled', 'swapped'), fc.nat(), fc.nat()],
  async (t, written, how, first, second) => {
    const { entries, cell } = await logBytes(written, undefined)
    const a = first % entries.length
    const b = second % entries.length
    fc.pre(a !== b)
    const valueAt = (index: number) => entries[index]?.value ?? new Uint8Array(0)
    const altered = entries.flatMap((entry, i) => {
      if (i === a) return how === 'gone' ? [] : [{ key: entry.key, value: valueAt(b) }]
      return [i === b && how === 'swapped' ? { key: entry.key, value: valueAt(a) } : entry]
    })
    const { failure, served } = await outcome(await diskOf(altered, cell), true)
    t.true(failure !== undefined && NAMED.includes(failure), failure)
    t.deepEqual(served, [])
  },
)

testProp(
  'any single byte changed in the cell is noticed and named',
  [batches, fc.nat(), fc.integer({ min: 1, max: 255 })],
  async (t, written, byteSeed, change) => {
    const { entries, cell } = await logBytes(written, undefined)
    const { failure } = await outcome(await diskOf(entries, withByte(cell, byteSeed % cell.length, change)), true)
    t.is(failure, 'HeadFileDamaged')
  },
)

testProp(
  'an older copy of the store is a rollback, of the cell a damaged head file',
  [batches, fc.nat()],
  async (t, written, seed) => {
    fc.pre(written.length > 2)
    const until = 1 + (seed % (written.length - 2))
    const older = await logBytes(written.slice(0, until), undefined)
    const newer = await logBytes(written, undefined)
    t.is((await outcome(await diskOf(older.entries, newer.cell), true)).failure, 'LogRolledBack')
    t.is((await outcome(await diskOf(newer.entries, older.cell), true)).failure, 'HeadFileDamaged')
  },
)
