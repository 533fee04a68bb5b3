import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import { createHardwareRoots, type HardwareRoots, type Root } from './hardware-issuer.ts'

export type RootsUnavailable = Tagged<'RootsUnavailable', { folder: string; cause: unknown }>

/** The certificates bear the names under which AWS and the manufacturer publish theirs. */
const FILES = { aws: 'AWS_CloudHSM_Root-G1', manufacturer: 'liquid_security_certificate' } as const

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error as NodeJS.ErrnoException).code === 'ENOENT'

const readRoot = async (folder: string, name: string): Promise<Root | undefined> => {
  try {
    const [certificate, privateKey] = await Promise.all([
      readFile(join(folder, `${name}.crt`), 'utf8'),
      readFile(join(folder, `${name}.key`), 'utf8'),
    ])
    return { certificate, privateKey }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Whole or not at all: written beside its place, synced, then moved there. */
const writeWhole = async (path: string, text: string, mode: number): Promise<void> => {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
    await file.close()
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw error
  }
}

const writeRoot = async (folder: string, name: string, { certificate, privateKey }: Root): Promise<void> => {
  await writeWhole(join(folder, `${name}.key`), privateKey, 0o600)
  await writeWhole(join(folder, `${name}.crt`), certificate, 0o644)
}

const readOrCreate = async (folder: string, nowMicros: number): Promise<HardwareRoots> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const aws = await readRoot(folder, FILES.aws)
  const manufacturer = await readRoot(folder, FILES.manufacturer)
  if (aws !== undefined && manufacturer !== undefined) return { aws, manufacturer }
  const created = createHardwareRoots(nowMicros)
  await writeRoot(folder, FILES.aws, created.aws)
  await writeRoot(folder, FILES.manufacturer, created.manufacturer)
  return created
}

/** The roots that `folder` holds; made there when it has none. Their keys are readable by this user only. */
export const openHardwareRoots = (folder: string, nowMicros: number): TE.TaskEither<RootsUnavailable, HardwareRoots> =>
  TE.tryCatch(
    () => readOrCreate(folder, nowMicros),
    (cause) => ({ _tag: 'RootsUnavailable', folder, cause }),
  )
