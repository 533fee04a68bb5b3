import { access, chmod, mkdir, readdir, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as E from 'fp-ts/lib/Either.js'
import { Level } from 'level'
import type { Disk, KeyValueStore, StoreFailure } from '@hsmlab/ports'
import { storeFailure } from './failure.ts'
import { headFile } from './head-file.ts'
import { type Database, levelStore } from './level-store.ts'
import { syncDirectory } from './sync-directory.ts'

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Each missing folder from the top down, its name on the disk before anything is put in it. */
const makeDirectory = async (directory: string): Promise<void> => {
  if (await exists(directory)) return
  await makeDirectory(dirname(directory))
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await syncDirectory(dirname(directory))
}

/** LevelDB makes files that all may read; the folder's 0700 keeps others out, and this keeps them out of copies. */
const restrict = async (directory: string): Promise<void> => {
  await chmod(directory, 0o700)
  await Promise.all(
    (await readdir(directory)).map((file) => chmod(join(directory, file), 0o600).catch(() => undefined)),
  )
}

const openDatabase = async (location: string, create: boolean): Promise<Database> => {
  const database: Database = new Level(location, { keyEncoding: 'view', valueEncoding: 'view' })
  try {
    await database.open({ createIfMissing: create, compression: false, multithreading: false })
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/**
 * The disk of one log: a LevelDB in `directory`/log and the head file `directory`/head, for the eyes of this user only.
 * Values are not compressed (most are sealed) and each batch is synced. Files that are there, but not as LevelDB left
 * them, answer `StoreDamaged`; a folder without a database answers `StoreMissing` and is left as it is.
 */
export const levelDisk = (directory: string): Disk => {
  const root = resolve(directory)
  const location = join(root, 'log')
  const nvram = headFile(join(root, 'head'))

  const open = async (create: boolean): Promise<E.Either<StoreFailure, KeyValueStore>> => {
    const isThere = await exists(join(location, 'CURRENT'))
    if (!isThere && !create) return E.left({ _tag: 'StoreMissing' })
    try {
      await makeDirectory(location)
      await chmod(root, 0o700)
      const database = await openDatabase(location, !isThere)
      await restrict(location)
      if (!isThere) await syncDirectory(location)
      nvram.hold()
      return E.right(levelStore(database, nvram.release))
    } catch (error) {
      return E.left(storeFailure(error))
    }
  }

  return { open: (create) => () => open(create), nvram: { read: nvram.read, write: nvram.write } }
}

/** Bytes that this user may still write on the file system of `directory`: the watermark before a disk is full. */
export const freeBytes = (directory: string): TE.TaskEither<StoreFailure, number> =>
  TE.tryCatch(async () => {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  }, storeFailure)
