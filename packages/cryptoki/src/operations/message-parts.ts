import type { HashName, RunningHash } from '@hsmlab/crypto'
import { EMPTY } from '../output.ts'
import type { HashEngine } from '../settings.ts'

/**
 * A message that arrived in parts: whole while it is short, else only its digest. No `hash`: it is kept whole whatever
 * its length, and whoever adds parts sees to a limit.
 */
export interface MessageParts {
  readonly add: (part: Uint8Array) => void
  readonly length: () => number
  readonly message: () =>
    Readonly<{ _tag: 'whole'; bytes: Uint8Array }> | Readonly<{ _tag: 'digest'; bytes: Uint8Array }>
}

export const createMessageParts = (
  { startHash }: HashEngine,
  hash: HashName | undefined,
  wholeMax: number,
): MessageParts => {
  let kept = EMPTY
  let length = 0
  let running: RunningHash | undefined

  const keep = (part: Uint8Array): void => {
    if (length + part.length > kept.length) {
      const grown = new Uint8Array(Math.max(256, (length + part.length) * 2))
      grown.set(kept.subarray(0, length))
      kept = grown
    }
    kept.set(part, length)
  }

  const add = (part: Uint8Array): void => {
    if (running !== undefined) {
      running.update(part)
    } else if (hash !== undefined && length + part.length > wholeMax) {
      running = startHash(hash)
      running.update(kept.subarray(0, length))
      running.update(part)
      kept = EMPTY
    } else {
      keep(part)
    }
    length += part.length
  }

  return {
    add,
    length: () => length,
    message: () =>
      running === undefined
        ? { _tag: 'whole', bytes: kept.subarray(0, length) }
        : { _tag: 'digest', bytes: running.digest() },
  }
}
