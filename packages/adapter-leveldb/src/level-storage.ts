import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { DeviceStorage } from '@hsmlab/ports'
import { headFile } from './head-file.ts'
import { levelDisk } from './level-disk.ts'

/**
 * A folder for each device in `directory`: its log and head file, and `device.key`. Whoever copies a device's folder has
 * the device.
 */
export const levelStorage = (directory: string): DeviceStorage => {
  const root = resolve(directory)
  return {
    list: async () => {
      try {
        const entries = await readdir(root, { withFileTypes: true })
        return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
      } catch {
        return []
      }
    },
    home: (name) => ({ disk: levelDisk(join(root, name)), deviceKey: headFile(join(root, name, 'device.key')) }),
    remove: (name) => rm(join(root, name), { recursive: true, force: true }),
  }
}
