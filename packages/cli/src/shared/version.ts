import { readFileSync } from 'node:fs'
import { findAbove } from '@hsmlab/adapter-node/local'

/** The version in this package's package.json. */
export const packageVersion = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(findAbove(import.meta.url, 'package.json'), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}
