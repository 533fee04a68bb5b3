import { randomFillSync } from 'node:crypto'
import type { Random } from '@hsmlab/ports'

/** OpenSSL's generator, seeded by the operating system. */
export const systemRandom: Random = {
  bytes: (count) => randomFillSync(new Uint8Array(count)),
}
