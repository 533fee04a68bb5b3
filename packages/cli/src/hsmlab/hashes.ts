import { createHash } from 'node:crypto'
import type { HasSha256 } from '@hsmlab/application'

/** What a log is checked with. */
export const HASHES: HasSha256 = {
  primitives: { sha256: (bytes) => createHash('sha256').update(bytes).digest() },
}
