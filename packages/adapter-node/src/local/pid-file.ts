import { readFileSync } from 'node:fs'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { Tagged } from '@hsmlab/event-sourcing'

/** Another process, which is alive, holds the file. */
export type PidFileHeld = Tagged<'PidFileHeld', { pid: number }>

/** When a process began, as the kernel counts; tells it from a later one of the same number. Empty where unknown. */
const startOf = (pid: number): string => {
  try {
    // proc(5): the command in brackets may hold spaces; field 22 counts from the process number.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}

const holderOf = async (path: string): Promise<number | undefined> => {
  const [pidText = '', start = ''] = (await readFile(path, 'utf8').catch(() => '')).split('\n')
  const pid = Number(pidText)
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined
  return start === '' || startOf(pid) === start ? pid : undefined
}

/** Attempts to take over from holders that died; another starter may be doing the same. */
const ATTEMPTS_MAX = 5

/**
 * Takes `path` for this process: its number, and when it began. A file whose process is gone is taken over; one whose
 * process lives is left alone.
 */
export const takePidFile = async (
  path: string,
): Promise<E.Either<PidFileHeld, Readonly<{ release: () => Promise<void> }>>> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600)
      await file.writeFile(`${process.pid}\n${startOf(process.pid)}\n`)
      await file.close()
      return E.right({ release: () => rm(path, { force: true }) })
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
    }
    const alive = await holderOf(path)
    if (alive !== undefined) return E.left({ _tag: 'PidFileHeld', pid: alive })
    await rm(path, { force: true })
  }
  throw new Error(`${path} changes hands all the time`)
}
