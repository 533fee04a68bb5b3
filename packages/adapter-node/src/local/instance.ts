import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { InstanceFile } from '@hsmlab/protocol/local'
import { writeSecretFile } from './secret-file.ts'

export const DATA_DIRECTORY_NAME = '.hsmlab'
const INSTANCE_FILE_NAME = 'instance.json'

/** `.hsmlab` in `from` or the nearest of its parents that has one; else the one that `from` would get. */
export const nearestDataDirectory = (from: string): string => {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const candidate = join(folder, DATA_DIRECTORY_NAME)
    if (existsSync(candidate)) return candidate
    if (dirname(folder) === folder) return join(resolve(from), DATA_DIRECTORY_NAME)
  }
}

/** Says where the product that owns `dataDirectory` listens; written whole or not at all. */
export const writeInstanceFile = async (dataDirectory: string, instance: InstanceFile): Promise<void> => {
  const text = JSON.stringify(InstanceFile.encode(instance), undefined, 2)
  await writeSecretFile(join(dataDirectory, INSTANCE_FILE_NAME), `${text}\n`)
}

export const removeInstanceFile = (dataDirectory: string): Promise<void> =>
  rm(join(dataDirectory, INSTANCE_FILE_NAME), { force: true })

/** What the product that owns `dataDirectory` wrote; `undefined` when none runs, or its file cannot be read. */
export const readInstanceFile = async (dataDirectory: string): Promise<InstanceFile | undefined> => {
  try {
    const decoded = InstanceFile.decode(JSON.parse(await readFile(join(dataDirectory, INSTANCE_FILE_NAME), 'utf8')))
    return E.isRight(decoded) ? decoded.right : undefined
  } catch {
    return undefined
  }
}
