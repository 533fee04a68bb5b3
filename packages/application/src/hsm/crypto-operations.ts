import * as E from 'fp-ts/lib/Either.js'
import { allowed, type CryptoResult } from '@hsmlab/crypto'
import { mayUse, rejection } from '@hsmlab/domain'
import { CKM, nameOf } from '@hsmlab/pkcs11'
import { type CryptoRequest, decodeCryptoRequest, decodeRandomRequest } from '@hsmlab/protocol'
import type { HsmCore } from './hsm-core.ts'
import type { UsableKey } from './open-keys.ts'
import { type Answer, MALFORMED, NO_SESSION, NOT_LOGGED_IN, refuse } from './reply.ts'
import type { Session } from './session-table.ts'
import { goneSince } from './still-there.ts'

/** The most random bytes that one request gets. */
export const RANDOM_BYTES_MAX = 65_536

type CryptoFunction = 'sign' | 'verify' | 'encrypt' | 'decrypt'

const compute = (
  core: HsmCore,
  { open }: UsableKey,
  fn: CryptoFunction,
  { mechanism, input, signature }: CryptoRequest,
): CryptoResult | Promise<CryptoResult> => {
  switch (fn) {
    case 'sign':
      return core.engine.sign(open, mechanism, input)
    case 'verify':
      return core.engine.verify(open, mechanism, input, signature)
    case 'encrypt':
      return core.engine.encrypt(open, mechanism, input)
    case 'decrypt':
      return core.engine.decrypt(open, mechanism, input)
  }
}

const answerOf = (result: CryptoResult): Answer =>
  E.isRight(result) ? result : refuse(result.left._tag, 'The HSM refused the operation.')

/** Why this key does not do that for this session now; `undefined`: it does. */
const refusal = (core: HsmCore, session: Session, key: UsableKey, fn: CryptoFunction, request: CryptoRequest) => {
  const access = mayUse(key, session.user, fn)
  if (access !== undefined) return refuse(access, 'The key may not be used so.')
  const type = request.mechanism.type
  const unsuitable = allowed(type, core.mode(), key.fixed.CKA_KEY_TYPE, fn)
  if (unsuitable !== undefined) return refuse(unsuitable._tag, `${nameOf(CKM, type)} is refused.`)
  return undefined
}

/**
 * One single-part operation: no log read, no append, no unsealing of an open key. What was computed off the loop passes
 * the checks again before it leaves: the key may be gone, the session closed.
 */
const operation =
  (fn: CryptoFunction) =>
  (core: HsmCore, session: Session | undefined, body: Uint8Array): Answer | Promise<Answer> => {
    const request = decodeCryptoRequest(body)
    if (request === undefined) return MALFORMED
    if (session === undefined) return NO_SESSION
    if (session.user?.role !== 'crypto-user') return NOT_LOGGED_IN
    const key = core.openKeys.find(session, request.handle)
    if (E.isLeft(key)) return key
    const refused = refusal(core, session, key.right, fn, request)
    if (refused !== undefined) return refused
    const result = compute(core, key.right, fn, request)
    const settled = core.log.settled()
    if (settled === undefined && !(result instanceof Promise)) return answerOf(result)
    return afterwards(core, session, session.user, request, fn, result, settled)
  }

const afterwards = async (
  core: HsmCore,
  session: Session,
  user: Session['user'],
  request: CryptoRequest,
  fn: CryptoFunction,
  result: CryptoResult | Promise<CryptoResult>,
  settled: Promise<boolean> | undefined,
): Promise<Answer> => {
  const computed = await result
  if (settled !== undefined && !(await settled)) return refuse('CKR_DEVICE_ERROR', 'The HSM could not write its log.')
  const gone = goneSince(core, session, user)
  if (gone !== undefined) return gone
  const key = core.openKeys.find(session, request.handle)
  if (E.isLeft(key)) return key
  return refusal(core, session, key.right, fn, request) ?? answerOf(computed)
}

export const sign = operation('sign')
export const verify = operation('verify')
export const encrypt = operation('encrypt')
export const decrypt = operation('decrypt')

export const random = (core: HsmCore, session: Session | undefined, body: Uint8Array): Answer => {
  const count = decodeRandomRequest(body)
  if (count === undefined) return MALFORMED
  if (session === undefined) return NO_SESSION
  if (session.user?.role !== 'crypto-user') return NOT_LOGGED_IN
  if (count > RANDOM_BYTES_MAX) {
    return E.left(rejection('CKR_DATA_LEN_RANGE', `At most ${RANDOM_BYTES_MAX} random bytes at a time.`))
  }
  return E.right(core.random.bytes(count))
}
