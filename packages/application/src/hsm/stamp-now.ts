import * as E from 'fp-ts/lib/Either.js'
import { type HsmRejection, nextStamp, rejection, type Stamp } from '@hsmlab/domain'
import type { HsmCore } from './hsm-core.ts'

/** The stamp of a change made now, above `seen`: the highest that the client has met. */
export const stampNow = (core: HsmCore, seen?: Stamp): E.Either<HsmRejection, Stamp> => {
  const { identity, lastStamp } = core.log.state
  if (identity === undefined) return E.left(rejection('CKR_DEVICE_ERROR', 'The HSM has no identity.'))
  const stamp = nextStamp(lastStamp, core.clock.wallMicros(), identity.hsmId, seen)
  return E.isRight(stamp) ? stamp : E.left(rejection('CKR_FUNCTION_FAILED', 'The clocks are too far apart.'))
}
