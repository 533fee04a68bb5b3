import { resolve } from 'node:path'
import { nearestDataDirectory } from '@hsmlab/adapter-node/local'

export type Environment = Readonly<Record<string, string | undefined>>

/** The data folder that is meant: `given` (`--data`), else `HSMLAB_DATA`, else `.hsmlab` here or in a parent. */
export const dataDirectory = (given: string | undefined, environment: Environment): string => {
  const named = given ?? environment['HSMLAB_DATA']
  return named === undefined || named === '' ? nearestDataDirectory(process.cwd()) : resolve(named)
}
