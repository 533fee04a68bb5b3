import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** `sun_path` holds 108 bytes with the closing zero (unix(7)); Node adds none of its own. */
export const SOCKET_PATH_BYTES_MAX = 107

/**
 * Where socket `name` of a data folder stands: in the folder, or, where its path is too long for a socket, in a folder
 * of its own below `runtimeDirectory` or the system's one for temporary files.
 */
export const socketPath = (dataDirectory: string, name: string, runtimeDirectory?: string): string => {
  const folder = resolve(dataDirectory)
  const plain = join(folder, name)
  if (Buffer.byteLength(plain) <= SOCKET_PATH_BYTES_MAX) return plain
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  return join(runtimeDirectory ?? tmpdir(), `hsmlab-${digest}`, name)
}

/** Makes the folder of a socket, for this user only. */
export const makeSocketFolder = async (path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
}
