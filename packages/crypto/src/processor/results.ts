import * as E from 'fp-ts/lib/Either.js'
import type { CkrName } from '@hsmlab/pkcs11'
import type { CryptoFailure, CryptoResult } from '../engine.ts'

export const failed = (tag: CkrName): E.Either<CryptoFailure, never> => E.left({ _tag: tag })

export const VALID: CryptoResult = E.right(new Uint8Array(0))
export const SIGNATURE_INVALID: CryptoResult = failed('CKR_SIGNATURE_INVALID')

/** The answer of a verification. */
export const verdict = (holds: boolean): CryptoResult => (holds ? VALID : SIGNATURE_INVALID)
