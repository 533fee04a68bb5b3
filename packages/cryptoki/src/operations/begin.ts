import * as E from 'fp-ts/lib/Either.js'
import { allowed, type ClusterMode, mechanismFacts, type MechanismFacts, weakHashUnderCurve } from '@hsmlab/crypto'
import type { KeyTemplate } from '@hsmlab/domain'
import type { Logger } from '@hsmlab/ports'
import { type Answer, refuse } from '../answer.ts'
import type { CallMechanism } from '../call-mechanism.ts'
import type { KeyKind, KeyShape } from '../keys/key-shape.ts'
import type { Session } from '../session/session.ts'
import type { CryptokiSettings, HashEngine } from '../settings.ts'
import { checkedMechanism } from './mechanism-parameter.ts'
import type { KeyOperation } from './sign.ts'

export type KeyFunction = 'sign' | 'verify' | 'encrypt' | 'decrypt'

const USAGE: Readonly<Record<KeyFunction, keyof KeyTemplate>> = {
  sign: 'CKA_SIGN',
  verify: 'CKA_VERIFY',
  encrypt: 'CKA_ENCRYPT',
  decrypt: 'CKA_DECRYPT',
}

const PUBLIC: ReadonlyArray<KeyKind> = ['rsa-public', 'ec-public']
const PRIVATE: ReadonlyArray<KeyKind> = ['rsa-private', 'ec-private']
/** The half of a pair that a function has no use for. */
const WRONG_HALF: Readonly<Record<KeyFunction, ReadonlyArray<KeyKind>>> = {
  sign: PUBLIC,
  decrypt: PUBLIC,
  verify: PRIVATE,
  encrypt: PRIVATE,
}

const hasGoodSize = ({ sizes }: MechanismFacts, { bits }: KeyShape): boolean => {
  const size = sizes.unit === 'bytes' ? bits / 8 : bits
  return size >= sizes.min && size <= sizes.max
}

export type BeginContext = Readonly<{
  engine: HashEngine
  logger: Logger
  settings: CryptokiSettings
  mode: ClusterMode
}>

/** "Client SDK 5 release notes", 5.16: what a FIPS cluster's client refuses to sign, with the library's own message. */
const isTooWeak = ({ logger, settings, mode }: BeginContext, type: number, { curve }: KeyShape): boolean => {
  if (mode !== 'FIPS' || settings.ecdsaWithWeakHashFunction || curve === undefined) return false
  const weak = weakHashUnderCurve(type, curve)
  if (weak === undefined) return false
  const { digestBits, keyBits } = weak
  const strengths = `Digest security strength (${digestBits}) is weaker than the key security strength (${keyBits})`
  logger.log('error', strengths)
  return true
}

/**
 * What C_SignInit and its like check, here and without an HSM: the mechanism, the key, what the key may be used for,
 * the parameter. The key's attributes are those that were last seen of it; the HSM checks again when it is used.
 */
export const beginKeyOperation = (
  context: BeginContext,
  { token }: Session,
  wanted: KeyFunction,
  mechanism: CallMechanism,
  object: number,
): Answer<KeyOperation> => {
  const { type } = mechanism
  const facts = mechanismFacts(type)
  const key = token.objects.get(object)
  if (facts === undefined) return refuse('CKR_MECHANISM_INVALID')
  if (key === undefined) return refuse('CKR_KEY_HANDLE_INVALID')
  const { shape } = key
  const refusal = allowed(type, context.mode, shape.keyType, wanted)
  if (refusal !== undefined) return refuse(refusal._tag)
  if (WRONG_HALF[wanted].includes(shape.kind)) return refuse('CKR_KEY_TYPE_INCONSISTENT')
  if (token.application.loggedIn() === undefined) return refuse('CKR_USER_NOT_LOGGED_IN')
  if (key.attributes[USAGE[wanted]] !== true) return refuse('CKR_KEY_FUNCTION_NOT_PERMITTED')
  if (!hasGoodSize(facts, shape)) return refuse('CKR_KEY_SIZE_RANGE')
  if (wanted === 'sign' && isTooWeak(context, type, shape)) return refuse('CKR_MECHANISM_INVALID')
  const checked = checkedMechanism(mechanism, facts, shape, wanted === 'encrypt')
  if (E.isLeft(checked)) return checked
  return E.right({ application: token.application, engine: context.engine, key, mechanism: checked.right, facts })
}
