import type { Either } from 'fp-ts/lib/Either.js'
import type { Disk, KeyRange, KeyValueStore, StoreFailure } from '../key-value-store.ts'
import type { Assertions, Test } from './test-face.ts'

const bytes = (...values: ReadonlyArray<number>): Uint8Array => Uint8Array.from(values)
const put = (key: Uint8Array, value: Uint8Array) => ({ type: 'put', key, value }) as const
const del = (key: Uint8Array) => ({ type: 'del', key }) as const

const rightOf = <Result>(result: Either<StoreFailure, Result>): Result => {
  if (result._tag === 'Left') throw new Error(`the store answered ${result.left._tag}`)
  return result.right
}
const tagOf = (result: Either<StoreFailure, unknown>): string =>
  result._tag === 'Left' ? result.left._tag : 'no failure'

const opened = async (t: Assertions, disk: Disk, create: boolean): Promise<KeyValueStore> => {
  const store = rightOf(await disk.open(create)())
  t.teardown(async () => void (await store.close()()))
  return store
}

/** Plain arrays compare the same whatever class of bytes an adapter hands out. */
const listed = async (store: KeyValueStore, range: KeyRange): Promise<ReadonlyArray<ReadonlyArray<number>>> => {
  const found: Array<ReadonlyArray<number>> = []
  rightOf(await store.iterate(range, (entries) => void found.push(...entries.map(({ key }) => [...key])))())
  return found
}
const valueAt = async (store: KeyValueStore, key: Uint8Array): Promise<ReadonlyArray<number> | undefined> => {
  const value = rightOf(await store.get(key)())
  return value === undefined ? undefined : [...value]
}

const ALL = { from: bytes(), to: bytes(0xff, 0xff) }

/** What every `Disk` does when nothing goes wrong. `open` gives a new, empty one and cleans up after itself. */
export const diskContract = (test: Test, open: (t: Assertions) => Disk | Promise<Disk>): void => {
  test('a missing store is not made unless the caller asks for it', async (t) => {
    const disk = await open(t)
    t.is(tagOf(await disk.open(false)()), 'StoreMissing')
    t.is(tagOf(await disk.open(false)()), 'StoreMissing')
    await opened(t, disk, true)
  })

  test('a store that is open is locked', async (t) => {
    const disk = await open(t)
    const store = await opened(t, disk, true)
    t.is(tagOf(await disk.open(true)()), 'StoreLocked')
    rightOf(await store.close()())
    await opened(t, disk, false)
  })

  test('a batch puts and deletes, and a later operation on a key wins', async (t) => {
    const store = await opened(t, await open(t), true)
    rightOf(await store.batch([put(bytes(1), bytes(10)), put(bytes(2), bytes(20)), put(bytes(3), bytes())])())
    rightOf(await store.batch([del(bytes(1)), del(bytes(9)), put(bytes(2), bytes(21)), put(bytes(2), bytes(22))])())
    t.deepEqual(await valueAt(store, bytes(1)), undefined)
    t.deepEqual(await valueAt(store, bytes(2)), [22])
    t.deepEqual(await valueAt(store, bytes(3)), [])
  })

  test('an empty batch is no failure', async (t) => {
    const store = await opened(t, await open(t), true)
    rightOf(await store.batch([])())
    t.deepEqual(await listed(store, ALL), [])
  })

  test('what was written is there after closing and opening', async (t) => {
    const disk = await open(t)
    const store = await opened(t, disk, true)
    rightOf(await store.batch([put(bytes(1, 2), bytes(3, 4))])())
    rightOf(await store.close()())
    t.deepEqual(await valueAt(await opened(t, disk, false), bytes(1, 2)), [3, 4])
  })

  test('keys come in byte order, shorter first, 0x80 and above last', async (t) => {
    const store = await opened(t, await open(t), true)
    const keys = [bytes(0xfe), bytes(1, 0), bytes(0x80), bytes(1), bytes(0x7f), bytes(0, 0xff)]
    rightOf(await store.batch(keys.map((key) => put(key, bytes())))())
    t.deepEqual(await listed(store, ALL), [[0, 0xff], [1], [1, 0], [0x7f], [0x80], [0xfe]])
  })

  test('a range holds its first key and not its last, either way round, up to a limit', async (t) => {
    const store = await opened(t, await open(t), true)
    rightOf(await store.batch([1, 2, 3, 4, 5].map((key) => put(bytes(key), bytes())))())
    const range = { from: bytes(2), to: bytes(5) }
    t.deepEqual(await listed(store, range), [[2], [3], [4]])
    t.deepEqual(await listed(store, { ...range, reverse: true }), [[4], [3], [2]])
    t.deepEqual(await listed(store, { ...range, limit: 2 }), [[2], [3]])
    t.deepEqual(await listed(store, { ...range, reverse: true, limit: 1 }), [[4]])
    t.deepEqual(await listed(store, { from: bytes(6), to: bytes(9) }), [])
  })

  test('a visitor that answers false sees nothing more', async (t) => {
    const store = await opened(t, await open(t), true)
    const keys = Array.from({ length: 5000 }, (_, i) => bytes(i >> 8, i & 255))
    rightOf(await store.batch(keys.map((key) => put(key, new Uint8Array(100))))())
    let seen = 0
    let runs = 0
    const visit = (entries: ReadonlyArray<unknown>): boolean => {
      seen += entries.length
      runs += 1
      return runs < 2
    }
    rightOf(await store.iterate(ALL, visit)())
    t.is(runs, 2)
    t.true(seen < 5000)
    t.is((await listed(store, ALL)).length, 5000)
  })

  test('a store keeps its own copy of what it was given', async (t) => {
    const store = await opened(t, await open(t), true)
    const value = bytes(1, 2, 3)
    rightOf(await store.batch([put(bytes(7), value)])())
    value.fill(0)
    const read = rightOf(await store.get(bytes(7))())
    t.deepEqual(read && [...read], [1, 2, 3])
    read?.fill(0)
    t.deepEqual(await valueAt(store, bytes(7)), [1, 2, 3])
  })

  test('a closed store answers with a failure', async (t) => {
    const store = await opened(t, await open(t), true)
    rightOf(await store.close()())
    t.is(tagOf(await store.get(bytes(1))()), 'StoreUnavailable')
    t.is(tagOf(await store.batch([put(bytes(1), bytes())])()), 'StoreUnavailable')
    t.is(tagOf(await store.iterate(ALL, () => undefined)()), 'StoreUnavailable')
  })

  test('the cell is empty at first, holds what was written last, and outlives the store', async (t) => {
    const disk = await open(t)
    const cell = async () => [...(rightOf(await disk.nvram.read()()) ?? [-1])]
    t.deepEqual(await cell(), [-1])
    const store = await opened(t, disk, true)
    for (const next of [bytes(1, 2, 3), bytes(), bytes(4), new Uint8Array(300).fill(5)]) {
      rightOf(await disk.nvram.write(next)())
      t.deepEqual(await cell(), [...next])
    }
    rightOf(await store.close()())
    t.deepEqual(await cell(), [...new Uint8Array(300).fill(5)])
    rightOf(await disk.nvram.write(bytes(6))())
    t.deepEqual(await cell(), [6])
  })
}
