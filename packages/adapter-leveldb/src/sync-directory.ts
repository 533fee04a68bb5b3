import { open } from 'node:fs/promises'

/** Makes the names in a directory durable; syncing a file does not sync its name. */
export const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
