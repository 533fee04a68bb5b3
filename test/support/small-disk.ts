import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'

const run = promisify(execFile)

export type SmallDisk = Readonly<{
  path: string
  /** Takes all the space that is left. */
  fill: () => Promise<void>
  /** Gives back what `fill` took. */
  clear: () => Promise<void>
}>

/** A file system of so many MiB at `path`; `undefined`, and a printed reason, where this user may not mount one. */
export const smallDisk = async (
  t: ExecutionContext,
  path: string,
  mebibytes: number,
): Promise<SmallDisk | undefined> => {
  await mkdir(path)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path])
  } catch {
    t.pass()
    t.log('skipped: only root can mount a small file system')
    return undefined
  }
  t.teardown(async () => void (await run('umount', ['-l', path])))
  const ballast = join(path, 'ballast')
  return {
    path,
    fill: () => writeFile(ballast, new Uint8Array(mebibytes << 20)).catch(() => undefined),
    clear: () => rm(ballast),
  }
}
