import { open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { CELL_BYTES_MAX, headFile } from '../src/head-file.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const cellOf = (value: number): Uint8Array => new Uint8Array(113).fill(value)
const SLOT_BYTES = 4096

const written = async (t: Parameters<typeof temporaryDirectory>[0], ...values: ReadonlyArray<number>) => {
  const path = join(await temporaryDirectory(t), 'head')
  const head = headFile(path)
  for (const value of values) await head.write(cellOf(value))()
  return { path, head, read: async () => await headFile(path).read()() }
}

/** What a power cut leaves of a write to the slot at `slot`: its first `kept` bytes are new, the rest is as it was. */
const tear = async (path: string, slot: number, kept: number): Promise<void> => {
  const handle = await open(path, 'r+')
  await handle.write(new Uint8Array(kept).fill(0xa5), 0, kept, slot * SLOT_BYTES)
  await handle.close()
}

test('a write torn at any byte leaves the cell before it', async (t) => {
  const { path, read } = await written(t, 1, 2)
  const whole = await readFile(path)
  for (const kept of [1, 31, 32, 39, 40, 43, 44, 100, 156, 4096]) {
    await writeFile(path, whole)
    await tear(path, 0, kept)
    t.deepEqual(await read(), { _tag: 'Right', right: cellOf(2) }, `the newest cell, with ${kept} bytes torn beside it`)
    await writeFile(path, whole)
    await tear(path, 1, kept)
    t.deepEqual(await read(), { _tag: 'Right', right: cellOf(1) }, `the cell before, with ${kept} bytes torn`)
  }
})

test('after a torn write the next one replaces the torn slot', async (t) => {
  const { path, read } = await written(t, 1, 2)
  await tear(path, 1, 50)
  const head = headFile(path)
  await head.write(cellOf(3))()
  t.deepEqual(await read(), { _tag: 'Right', right: cellOf(3) })
  await tear(path, 1, 50)
  t.deepEqual(await read(), { _tag: 'Right', right: cellOf(1) })
})

test('a first write that never ended is as good as none', async (t) => {
  const { path, read } = await written(t, 1)
  await tear(path, 0, 20)
  t.deepEqual(await read(), { _tag: 'Right', right: undefined })
})

test('two damaged copies are a damaged store, not an empty one', async (t) => {
  const { path, read, head } = await written(t, 1, 2)
  await tear(path, 0, 20)
  await tear(path, 1, 20)
  const result = await read()
  t.is(result._tag === 'Left' ? result.left._tag : undefined, 'StoreDamaged')
  const again = await head.write(cellOf(3))()
  t.is(again._tag === 'Left' ? again.left._tag : undefined, 'StoreDamaged')
})

test('writes that overlap are kept in the order of their calls', async (t) => {
  const { head, read } = await written(t)
  await Promise.all([1, 2, 3, 4, 5].map((value) => head.write(cellOf(value))()))
  t.deepEqual(await read(), { _tag: 'Right', right: cellOf(5) })
})

test('the file is for its owner only, and stays as small as two pages', async (t) => {
  const { path } = await written(t, 1, 2, 3, 4, 5)
  const { mode, size } = await stat(path)
  t.is(mode & 0o777, 0o600)
  t.is(size, 2 * SLOT_BYTES)
})

test('a cell as long as the limit fits, a longer one is refused and changes nothing', async (t) => {
  const { head, read } = await written(t, 1)
  const longest = new Uint8Array(CELL_BYTES_MAX).fill(7)
  t.deepEqual(await head.write(longest)(), { _tag: 'Right', right: undefined })
  t.is((await head.write(new Uint8Array(CELL_BYTES_MAX + 1))())._tag, 'Left')
  t.deepEqual(await read(), { _tag: 'Right', right: longest })
})
