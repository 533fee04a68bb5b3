import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The path of `file` in the nearest folder above `moduleUrl` that has it: code does not know how deep it was built to.
 * Throws when there is none.
 */
export const findAbove = (moduleUrl: string, file: string): string => {
  let folder = dirname(fileURLToPath(moduleUrl))
  while (!existsSync(join(folder, file))) {
    const above = dirname(folder)
    if (above === folder) throw new Error(`There is no ${file} above ${fileURLToPath(moduleUrl)}: has it been built?`)
    folder = above
  }
  return join(folder, file)
}
