import type { KeyHandle } from '@hsmlab/domain'
import { CKR, type CkrName } from '@hsmlab/pkcs11'
import { bodyMessage } from '@hsmlab/protocol'
import type { ClientFailure } from './face.ts'
import { AVAILABILITY_HOLDERS, MESSAGE_LENGTH_MAX, THROTTLED } from './limits.ts'

const NAMES: ReadonlyMap<number, CkrName> = new Map(
  Object.entries(CKR).map(([name, value]) => [value as number, name as CkrName]),
)

export const failure = (tag: CkrName, message: string, hsmReturn = 0): ClientFailure => ({
  _tag: tag,
  hsmReturn,
  message,
})

/** What an HSM said no with. A code that PKCS#11 does not know is the HSM's fault. */
export const refusal = (ckr: number, hsmReturn: number, body: Uint8Array): ClientFailure => {
  if (hsmReturn === THROTTLED) {
    return failure('CKR_FUNCTION_FAILED', `${IN_PROGRESS} Internal error code: 0x000000BB`, hsmReturn)
  }
  const message = bodyMessage(body).slice(0, MESSAGE_LENGTH_MAX)
  return failure(NAMES.get(ckr) ?? 'CKR_DEVICE_ERROR', message, hsmReturn)
}

const IN_PROGRESS = 'This operation is already in progress.'

export const closedFailure = failure('CKR_SESSION_CLOSED', 'The application has been closed.')
export const unreachableFailure = failure('CKR_DEVICE_ERROR', 'No HSM of the cluster can be reached.')
export const garbageFailure = failure('CKR_DEVICE_ERROR', 'The HSM gave an answer that cannot be read.')
export const overloadFailure = failure('CKR_HOST_MEMORY', 'Too many calls are under way.')
export const tooLongFailure = failure('CKR_DATA_LEN_RANGE', 'The request is too long for the HSM.')
export const noSuchKeyFailure = failure('CKR_KEY_HANDLE_INVALID', 'No HSM holds such a key.')
export const noSuchObjectFailure = failure('CKR_OBJECT_HANDLE_INVALID', 'No HSM holds such a key.')
export const sessionKeyLostFailure = failure('CKR_KEY_HANDLE_INVALID', 'The session key ended with its HSM session.')
export const sessionKeyUnreachableFailure = failure(
  'CKR_DEVICE_ERROR',
  'The HSM that holds the session key cannot be reached.',
)
export const outcomeUnknownFailure = (what: string): ClientFailure =>
  failure('CKR_FUNCTION_FAILED', `${what}: the outcome is unknown; it may still take effect.`)

/** The line that AWS's client library logs, word for word ("Understanding AWS CloudHSM key synchronization"). */
export const availabilityMessage = (handle: number): string =>
  `Key ${hexHandle(handle)} does not meet the availability requirements - ` +
  `The key must be available on at least ${AVAILABILITY_HOLDERS} HSMs before being used.`

export const availabilityFailure = (handle: number): ClientFailure =>
  failure('CKR_FUNCTION_FAILED', availabilityMessage(handle))

/** A handle as CloudHSM CLI writes a key reference. */
export const hexHandle = (handle: KeyHandle | number): string => `0x${handle.toString(16).padStart(16, '0')}`
