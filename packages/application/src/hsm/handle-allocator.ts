import * as E from 'fp-ts/lib/Either.js'
import { HSM_RETURN, type HsmRejection, type HsmState, type KeyHandle, rejection } from '@hsmlab/domain'
import type { HsmLog } from './hsm-log.ts'

/** Handles are reserved on the log in blocks of this many: none is used twice, whatever happens. */
const BLOCK = 256
const LANE_SIZE = 0x1_00_0000

export interface HandleAllocator {
  /** The first of `count` neighbouring handles; left: the HSM's lane is spent, or its log takes nothing now. */
  readonly take: (count: 1 | 2) => E.Either<HsmRejection, KeyHandle>
}

const LANE_SPENT = E.left(rejection('CKR_DEVICE_MEMORY', 'The HSM has no key handle left.'))
const NOT_NOW = E.left(rejection('CKR_FUNCTION_FAILED', 'The HSM can reserve no key handles now.', HSM_RETURN.busy))

/**
 * Hands out (lane << 24) | counter. Session keys count too. A pair gets H and H + 1. The reservation need not be on the
 * disk before the handle is used: the event that makes the key stands behind it on the same log, and a session key dies
 * with the memory that knows its handle.
 */
export const handleAllocator = (log: HsmLog): HandleAllocator => {
  const state: HsmState = log.state
  let next = state.reservedUpTo
  return {
    take: (count) => {
      const lane = state.identity?.lane
      if (lane === undefined || next + count > LANE_SIZE) return LANE_SPENT
      if (next + count > state.reservedUpTo) {
        const upTo = Math.min(state.reservedUpTo + BLOCK, LANE_SIZE)
        // A handle that was not reserved would be given again after the next start.
        if (log.append([{ type: 'HandlesReserved', upTo }])._tag !== 'Taken') return NOT_NOW
      }
      const handle = lane * LANE_SIZE + next
      next += count
      return E.right(handle as KeyHandle)
    },
  }
}
