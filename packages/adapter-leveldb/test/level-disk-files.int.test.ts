import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { freeBytes, levelDisk } from '../src/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const tagOf = (result: { _tag: string; left?: { _tag: string } }): string => result.left?._tag ?? 'no failure'

/** A directory with a closed store in it that holds one entry. */
const storeIn = async (t: Parameters<typeof temporaryDirectory>[0]): Promise<string> => {
  const directory = join(await temporaryDirectory(t), 'hsm', 'one')
  const opened = await levelDisk(directory).open(true)()
  if (opened._tag === 'Left') throw new Error(opened.left._tag)
  await opened.right.batch([{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(2) }])()
  await opened.right.close()()
  return directory
}

test('folders and files are for their owner only', async (t) => {
  const directory = await storeIn(t)
  const opened = await levelDisk(directory).open(false)()
  t.is((await stat(directory)).mode & 0o777, 0o700)
  t.is((await stat(join(directory, 'log'))).mode & 0o777, 0o700)
  for (const file of await readdir(join(directory, 'log'))) {
    t.is((await stat(join(directory, 'log', file))).mode & 0o777, 0o600, file)
  }
  if (opened._tag === 'Right') await opened.right.close()()
})

test('looking for a store that is not there leaves nothing behind', async (t) => {
  const parent = await temporaryDirectory(t)
  t.is(tagOf(await levelDisk(join(parent, 'hsm')).open(false)()), 'StoreMissing')
  t.deepEqual(await readdir(parent), [])
})

test('a folder without a database in it is a missing store', async (t) => {
  const directory = await storeIn(t)
  await rm(join(directory, 'log'), { recursive: true })
  await mkdir(join(directory, 'log'))
  t.is(tagOf(await levelDisk(directory).open(false)()), 'StoreMissing')
})

test('a manifest that is damaged or gone is a damaged store', async (t) => {
  const directory = await storeIn(t)
  const manifest = (await readdir(join(directory, 'log'))).find((file) => file.startsWith('MANIFEST')) ?? ''
  await writeFile(join(directory, 'log', manifest), 'not a manifest')
  t.is(tagOf(await levelDisk(directory).open(false)()), 'StoreDamaged')
  await rm(join(directory, 'log', manifest))
  t.is(tagOf(await levelDisk(directory).open(true)()), 'StoreDamaged')
})

test('a place where no folder can be made is unavailable', async (t) => {
  const file = join(await temporaryDirectory(t), 'file')
  await writeFile(file, '')
  t.is(tagOf(await levelDisk(join(file, 'hsm')).open(true)()), 'StoreUnavailable')
  t.is(tagOf(await levelDisk(join(file, 'hsm')).nvram.write(Uint8Array.of(1))()), 'StoreUnavailable')
})

test('free space is told in bytes', async (t) => {
  const free = await freeBytes(await temporaryDirectory(t))()
  t.true(free._tag === 'Right' && free.right > 0)
  t.is(tagOf(await freeBytes('/no such folder')()), 'StoreUnavailable')
})
