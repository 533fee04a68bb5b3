import * as E from 'fp-ts/lib/Either.js'
import { HASHES, type HashName, type RunningHash } from '@hsmlab/crypto'
import { NO_PARAMETER } from '@hsmlab/pkcs11'
import { DONE, refuse } from '../answer.ts'
import type { HashEngine } from '../settings.ts'
import type { DigestOperation } from './operation.ts'

/** Digests are computed here, not in the HSM, as CloudHSM's library does; their messages have no limit. */
export const digestOperation = (engine: HashEngine, hash: HashName): DigestOperation => {
  const { bytes: length, mechanism } = HASHES[hash]
  let running: RunningHash | undefined
  return {
    whole: (message, room) => {
      if (running !== undefined) return refuse('CKR_OPERATION_ACTIVE')
      if (room === undefined || room < length) return E.right(length)
      return engine.digest({ type: mechanism, parameter: NO_PARAMETER }, message)
    },
    update: (part) => {
      running ??= engine.startHash(hash)
      running.update(part)
      return DONE
    },
    final: (room) => {
      if (room === undefined || room < length) return E.right(length)
      return E.right((running ?? engine.startHash(hash)).digest())
    },
  }
}
