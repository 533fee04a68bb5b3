import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of the test's own, removed when the test ends. */
export const temporaryDirectory = async (t: { teardown: (run: () => Promise<void>) => void }): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'hsmlab-leveldb-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}
