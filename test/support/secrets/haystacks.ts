import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Heard } from '../bus/eavesdropper.ts'
import type { Ran } from '../run.ts'
import type { Haystack } from './needles.ts'

/** Every file in a folder and the folders below it; sockets have no content. */
export const filesIn = async (folder: string): Promise<ReadonlyArray<Haystack>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const name = join(entry.parentPath, entry.name)
        return { name, bytes: await readFile(name) }
      }),
  )
}

/** All that was said on the bus, one subject a pile. */
export const saidOnBus = (heard: ReadonlyArray<Heard>): ReadonlyArray<Haystack> => {
  const bySubject = new Map<string, Buffer[]>()
  for (const { subject, data, headers } of heard) {
    const said = bySubject.get(subject) ?? []
    said.push(data, Buffer.from(`\n${headers === undefined ? '' : [...headers].join()}\n`))
    bySubject.set(subject, said)
  }
  // Subjects are piles, too: an inbox that bears a secret would be one.
  const subjects = { name: 'the subjects', bytes: Buffer.from([...bySubject.keys()].join('\n')) }
  return [...[...bySubject].map(([name, said]) => ({ name, bytes: Buffer.concat(said) })), subjects]
}

/** All that commands printed. */
export const printed = (commands: ReadonlyArray<Ran>): Haystack => ({
  name: 'what commands printed',
  bytes: Buffer.concat(commands.flatMap(({ stdout, stderr }) => [stdout, Buffer.from(stderr)])),
})
