import * as E from 'fp-ts/lib/Either.js'
import { type CryptoEngine, HASHES, type HashName } from '@hsmlab/crypto'
import { NO_PARAMETER } from '@hsmlab/pkcs11'
import { DONE, refuse } from '../answer.ts'
import { type RunningHash, runningHash } from './hash.ts'
import type { DigestOperation } from './operation.ts'

/** Digests are computed here, not in the HSM, as CloudHSM's library does; their messages have no limit. */
export const digestOperation = (engine: Pick<CryptoEngine, 'digest'>, hash: HashName): DigestOperation => {
  const { bytes: length, mechanism } = HASHES[hash]
  let running: RunningHash | undefined
  return {
    whole: (message, room) => {
      if (running !== undefined) return refuse('CKR_OPERATION_ACTIVE')
      if (room === undefined || room < length) return E.right(length)
      return engine.digest({ type: mechanism, parameter: NO_PARAMETER }, message)
    },
    update: (part) => {
      running ??= runningHash(hash)
      running.update(part)
      return DONE
    },
    final: (room) => {
      if (room === undefined || room < length) return E.right(length)
      return E.right((running ?? runningHash(hash)).digest())
    },
  }
}
