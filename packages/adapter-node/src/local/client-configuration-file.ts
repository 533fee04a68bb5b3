import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'

/** The tools that have a configuration file of their own. */
export type ClientTool = 'pkcs11' | 'cli'

/** `FileUnreadable`: it is there, and cannot be read or is no JSON. */
export type FileFailure = Tagged<'FileUnreadable', { path: string; cause: unknown }>

/** Where a tool's configuration stands: `cloudhsm-pkcs11.cfg` and `cloudhsm-cli.cfg` below `<data>/etc`. */
export const clientConfigurationPath = (dataDirectory: string, tool: ClientTool): string =>
  join(dataDirectory, 'etc', `cloudhsm-${tool}.cfg`)

/** Where the customer's CA certificate is looked for unless a configuration says otherwise. */
export const customerCaPath = (dataDirectory: string): string => join(dataDirectory, 'etc', 'customerCA.crt')

/** Where a tool logs unless its configuration says otherwise. */
export const clientLogPath = (dataDirectory: string, tool: ClientTool): string =>
  join(dataDirectory, 'run', `cloudhsm-${tool}.log`)

const isAbsent = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT'

/** The parsed JSON of `path`; `undefined` when there is no such file. */
export const readJsonFile =
  (path: string): TaskEither<FileFailure, unknown> =>
  async () => {
    try {
      return E.right(JSON.parse(await readFile(path, 'utf8')))
    } catch (cause) {
      return isAbsent(cause) ? E.right(undefined) : E.left({ _tag: 'FileUnreadable', path, cause })
    }
  }

/** Replaces `path` as a whole; makes its folder. */
export const writeJsonFile = async (path: string, content: unknown): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 })
  await rename(unfinished, path)
}
