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

const MESSAGE = 'only root can mount a small file system'

const isFull = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOSPC'

/**
 * A file system of so many MiB at `path`, or undefined after saying that this user may not mount one: the test then
 * returns. In CI (`CI=true`) that fails the test.
 */
export const smallDisk = async (
  t: ExecutionContext,
  path: string,
  mebibytes: number,
): Promise<SmallDisk | undefined> => {
  await mkdir(path)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path])
  } catch {
    if (process.env['CI'] === 'true') t.fail(MESSAGE)
    else t.pass(`left out: ${MESSAGE}`)
    t.log(`left out: ${MESSAGE}`)
    return undefined
  }
  t.teardown(async () => void (await run('umount', ['-l', path])))
  const ballast = join(path, 'ballast')
  return {
    path,
    fill: () =>
      writeFile(ballast, new Uint8Array(mebibytes << 20)).then(
        () => t.fail('the disk took more than it has room for'),
        (error: unknown) => {
          if (!isFull(error)) throw error
        },
      ),
    clear: () => rm(ballast),
  }
}
