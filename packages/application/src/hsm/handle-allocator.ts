import type { HsmState, KeyHandle } from '@hsmlab/domain'
import type { HsmLog } from './hsm-log.ts'

/** Handles are reserved on the log in blocks of this many: none is used twice, whatever happens. */
const BLOCK = 256
const LANE_SIZE = 0x1_00_0000

export interface HandleAllocator {
  /** The first of `count` neighbouring handles; `undefined` when the HSM's lane is spent. */
  readonly take: (count: 1 | 2) => KeyHandle | undefined
}

/**
 * Hands out (lane << 24) | counter. Session keys count too. A pair gets H and H + 1. The reservation need not be on the
 * disk before the handle leaves: the event that makes the key stands behind it on the same log, and a session key dies
 * with the memory that knows its handle.
 */
export const handleAllocator = (log: HsmLog): HandleAllocator => {
  const state: HsmState = log.state
  let next = state.reservedUpTo
  return {
    take: (count) => {
      const lane = state.identity?.lane
      if (lane === undefined || next + count > LANE_SIZE) return undefined
      if (next + count > state.reservedUpTo) {
        const upTo = Math.min(Math.max(state.reservedUpTo, next) + BLOCK, LANE_SIZE)
        void log.append([{ type: 'HandlesReserved', upTo }])
      }
      const handle = lane * LANE_SIZE + next
      next += count
      return handle as KeyHandle
    },
  }
}
