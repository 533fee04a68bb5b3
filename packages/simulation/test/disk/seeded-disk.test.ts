import test from 'ava'
import type { KeyValueStore } from '@hsmlab/ports'
import { diskContract } from '@hsmlab/ports/contract'
import * as E from 'fp-ts/lib/Either.js'
import { type SeededDisk, seededDisk } from '../../src/disk/seeded-disk.ts'
import { numbersFrom } from './numbers.ts'

diskContract(test, () => seededDisk({ random: numbersFrom(1) }))

const right = <Result>(result: E.Either<unknown, Result>): Result => {
  if (E.isLeft(result)) throw new Error(`unexpected ${JSON.stringify(result.left)}`)
  return result.right
}
const key = (n: number): Uint8Array => Uint8Array.of(n)
const write = async (store: KeyValueStore, n: number) =>
  await store.batch([{ type: 'put', key: key(n), value: Uint8Array.of(n, n) }])()

const opened = async (disk: SeededDisk, create = false): Promise<KeyValueStore> => right(await disk.open(create)())

/** Keys in the store of `disk`, which is opened and closed for it. */
const keysIn = async (disk: SeededDisk): Promise<ReadonlyArray<number>> => {
  const store = await opened(disk)
  const found: Array<number> = []
  const everything = { from: Uint8Array.of(), to: Uint8Array.of(0xff) }
  right(await store.iterate(everything, (run) => void found.push(...run.map((entry) => entry.key[0] ?? -1)))())
  right(await store.close()())
  return found
}
const answered = async (promise: Promise<unknown>): Promise<boolean> =>
  await Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))])

test('after a full disk it acknowledges and shows writes that the next opening does not have', async (t) => {
  const disk = seededDisk({ random: numbersFrom(1) })
  const store = await opened(disk, true)
  right(await write(store, 1))
  disk.failNext('full')
  t.deepEqual(await write(store, 2), E.left({ _tag: 'StoreFull' }))
  right(await write(store, 3))
  t.deepEqual(right(await store.get(key(3))()), Uint8Array.of(3, 3))
  right(await store.close()())
  t.deepEqual(await keysIn(disk), [1])
})

test('a store that is opened anew after a full disk tells the truth again', async (t) => {
  const disk = seededDisk({ random: numbersFrom(1) })
  const store = await opened(disk, true)
  disk.failNext('full')
  await write(store, 1)
  right(await store.close()())
  const again = await opened(disk)
  right(await write(again, 2))
  right(await again.close()())
  t.deepEqual(await keysIn(disk), [2])
})

test('an I/O error stays until the store is opened anew, and its batch may be there or not', async (t) => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const disk = seededDisk({ random: numbersFrom(seed) })
    const store = await opened(disk, true)
    disk.failNext('error')
    t.deepEqual(await write(store, 1), E.left({ _tag: 'StoreUnavailable' }))
    t.deepEqual(await write(store, 2), E.left({ _tag: 'StoreUnavailable' }))
    right(await store.close()())
    outcomes.add((await keysIn(disk)).join())
  }
  t.deepEqual([...outcomes].sort(), ['', '1'])
})

test('what was synced outlives a loss of power; what was lied about may not', async (t) => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const disk = seededDisk({ random: numbersFrom(seed) })
    const store = await opened(disk, true)
    right(await write(store, 1))
    disk.failNext('syncLie')
    right(await write(store, 2))
    disk.setFaults({ syncLie: 1 })
    right(await write(store, 3))
    disk.losePower()
    outcomes.add((await keysIn(disk)).join())
  }
  t.deepEqual([...outcomes].sort(), ['1', '1,2', '1,2,3'])
})

test('a killed process loses nothing that the machine had taken', async (t) => {
  const disk = seededDisk({ random: numbersFrom(1), faults: { syncLie: 1 } })
  const store = await opened(disk, true)
  right(await write(store, 1))
  right(await write(store, 2))
  disk.killProcess()
  t.deepEqual(await keysIn(disk), [1, 2])
})

test('a process that is gone gets no answers, and does nothing more', async (t) => {
  const disk = seededDisk({ random: numbersFrom(1) })
  const store = await opened(disk, true)
  right(await write(store, 1))
  const underWay = write(store, 2)
  disk.losePower()
  t.false(await answered(underWay))
  t.false(await answered(write(store, 3)))
  t.false(await answered(store.get(key(1))()))
  t.false(await answered(store.close()()))
  t.false((await keysIn(disk)).includes(3))
})

test('the cell is old or new after a loss of power, never torn', async (t) => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const disk = seededDisk({ random: numbersFrom(seed) })
    right(await disk.nvram.write(Uint8Array.of(1, 1))())
    void disk.nvram.write(Uint8Array.of(2, 2))()
    disk.losePower()
    outcomes.add([...(right(await disk.nvram.read()()) ?? [])].join())
  }
  t.deepEqual([...outcomes].sort(), ['1,1', '2,2'])
})

test('rot flips one bit, a hole takes entries from the middle, and a copy can be put back', async (t) => {
  const disk = seededDisk({ random: numbersFrom(3) })
  t.false(disk.rot())
  const store = await opened(disk, true)
  for (const n of [1, 2, 3, 4, 5, 6]) right(await write(store, n))
  right(await store.close()())
  const image = disk.image()
  t.true(disk.loseMiddle())
  const left = await keysIn(disk)
  t.true(left.length < 6 && left.includes(1) && left.includes(6))
  disk.restore(image)
  t.true(disk.rot('key'))
  t.notDeepEqual(await keysIn(disk), [1, 2, 3, 4, 5, 6])
  disk.restore(image)
  t.deepEqual(await keysIn(disk), [1, 2, 3, 4, 5, 6])
  disk.emptyStore()
  t.deepEqual(await keysIn(disk), [])
  disk.deleteStore()
  t.deepEqual(await disk.open(false)(), E.left({ _tag: 'StoreMissing' }))
})

test('the same numbers give the same faults', async (t) => {
  const run = async (): Promise<string> => {
    const disk = seededDisk({ random: numbersFrom(11), faults: { full: 0.1, error: 0.1, syncLie: 0.3 } })
    const answers: Array<string> = []
    for (let n = 0; n < 50; n++) {
      const store = await opened(disk, true)
      answers.push((await write(store, n))._tag, (await write(store, n + 100))._tag)
      disk.losePower()
    }
    return `${answers.join()} ${(await keysIn(disk)).join()} ${JSON.stringify(disk.faultCounts())}`
  }
  t.is(await run(), await run())
})
