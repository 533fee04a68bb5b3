import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { WycheproofFile } from '../src/contract/index.ts'

/** The file in the folder that HSMLAB_VECTORS names; `undefined` when it is unset or has no such file. */
export const readWycheproof = (name: string): WycheproofFile | undefined => {
  const folder = process.env['HSMLAB_VECTORS']
  if (folder === undefined) return undefined
  const path = join(folder, 'wycheproof', `${name}_test.json.gz`)
  return existsSync(path) ? (JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as WycheproofFile) : undefined
}
