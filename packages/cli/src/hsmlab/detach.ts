import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { findAbove, readInstanceFile } from '@hsmlab/adapter-node/local'
import type { Problem } from './outcome.ts'
import { startedOn } from './started-on.ts'
import type { Started } from './start-text.ts'

const BIN = findAbove(import.meta.url, 'bin/hsmlab.mjs')
const POLL_MILLIS = 10
/** A first start takes about a second; a machine under load may take much longer. */
const READY_MILLIS_MAX = 120_000

/** What the child complained about; what it tells people goes nowhere, for it names passwords. */
const errorsPath = (dataDirectory: string): string => join(dataDirectory, 'up.err')

/** The last thing the child said, without the prefix that it says it with. */
const lastWords = (path: string): string => {
  const said = readFileSync(path, 'utf8').trim()
  return said.replace(/^hsmlab: /, '') || `It said nothing; ${path} is empty.`
}

/** Starts the product as a process of its own, and resolves when it is ready, or has failed. */
export const startDetached = async (
  dataDirectory: string,
  words: ReadonlyArray<string>,
): Promise<E.Either<Problem, Started>> => {
  const begin = performance.now()
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const errors = openSync(errorsPath(dataDirectory), 'w', 0o600)
  const child = spawn(process.execPath, [BIN, 'up', ...words], { detached: true, stdio: ['ignore', 'ignore', errors] })
  closeSync(errors)
  let ended = false
  child.once('exit', () => (ended = true))
  child.once('error', () => (ended = true))
  child.unref()
  while (performance.now() - begin < READY_MILLIS_MAX) {
    const instance = await readInstanceFile(dataDirectory)
    if (instance !== undefined && instance.pid === child.pid) {
      return startedOn(dataDirectory, performance.now() - begin)
    }
    if (ended) return E.left({ code: 'StartFailed', message: lastWords(errorsPath(dataDirectory)) })
    await after(POLL_MILLIS)
  }
  return E.left({
    code: 'StartTooSlow',
    message: `The product is not ready yet; see ${errorsPath(dataDirectory)}. Stop it with: kill ${child.pid ?? ''}`,
  })
}
