import { p256 } from '@noble/curves/nist.js'
import * as E from 'fp-ts/lib/Either.js'
import type { Application, ClientFailure, ClientResult } from '@hsmlab/client'
import { ecParams, ecPointOf, equalBytes } from '@hsmlab/crypto'
import type { KeyHandle, KeyTemplate, Username } from '@hsmlab/domain'
import { fromBase64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { CKM, type Mechanism, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { KeyView } from '@hsmlab/protocol'
import type { Journal, MadeKey, Use } from './record.ts'
import type { WorkStep } from './steps.ts'

const AES: KeyTemplate = { CKA_VALUE_LEN: 32, CKA_ENCRYPT: true, CKA_DECRYPT: true }
const PUBLIC: KeyTemplate = { CKA_TOKEN: true, CKA_VERIFY: true, CKA_EC_PARAMS: toBase64(ecParams('secp256r1')) }
const PRIVATE: KeyTemplate = { CKA_TOKEN: true, CKA_SIGN: true }
const ECDSA: Mechanism = { type: CKM.CKM_ECDSA_SHA256, parameter: NO_PARAMETER }
const CBC: Mechanism = { type: CKM.CKM_AES_CBC_PAD, parameter: { _tag: 'iv', iv: new Uint8Array(16).fill(7) } }

const DONE = E.right(undefined)
type Result = E.Either<ClientFailure | 'nothing to do', undefined>
const NOTHING_TO_DO: Result = E.left('nothing to do')

export const usernameOf = (step: number): Username => `user_${step}` as Username

const labelOf = (step: number) => ({ CKA_LABEL: toBase64(utf8Bytes(`key ${step}`)) })

/** Who asks for a step, where what comes of it is written down, and what time it is: milliseconds since it began. */
export type Performance = Readonly<{ application: Application; step: WorkStep; journal: Journal; now: () => number }>
type Performer = (performance: Performance) => Promise<Result>

const makeAes: Performer = async ({ application, step: { id }, journal: { keys } }) => {
  const options = { mechanism: CKM.CKM_AES_KEY_GEN, tag: 0 }
  const made = await application.generateKey({ ...AES, ...labelOf(id), CKA_TOKEN: true }, options)
  if (E.isLeft(made)) return made
  keys.set(id, { views: [made.right] })
  return DONE
}

const makePair: Performer = async ({ application, step: { id }, journal: { keys } }) => {
  const label = labelOf(id)
  const options = { mechanism: CKM.CKM_EC_KEY_PAIR_GEN, tag: 0 }
  const made = await application.generateKeyPair({ ...PUBLIC, ...label }, { ...PRIVATE, ...label }, options)
  if (E.isLeft(made)) return made
  keys.set(id, { views: [made.right.publicKey, made.right.privateKey] })
  return DONE
}

/** A session key, used at once: whether it lives on is nobody's promise. */
const makeSessionKey: Performer = async (performance) => {
  const { application, step } = performance
  const options = { mechanism: CKM.CKM_AES_KEY_GEN, tag: step.id + 1 }
  const made = await application.generateKey({ ...AES, CKA_TOKEN: false }, options)
  if (E.isLeft(made)) return made
  const crypted = await cryptWith(performance, undefined, made.right.handle)
  await application.endTag(step.id + 1)
  return crypted
}

/** Makes one call with a token key, and notes when it was made if it succeeds. */
const used = async <A>(
  { step, journal, now }: Performance,
  key: number | undefined,
  call: Use['call'],
  make: () => ClientResult<A>,
): ClientResult<A> => {
  const invokedAt = now()
  const result = await make()
  if (key !== undefined && E.isRight(result)) journal.uses.push({ step, key, invokedAt, call })
  return result
}

const cryptWith = async (performance: Performance, key: number | undefined, handle: KeyHandle): Promise<Result> => {
  const { application, step, journal } = performance
  const plaintext = utf8Bytes(`plaintext of step ${step.id}`)
  const encrypted = await used(performance, key, 'encrypt', () => application.encrypt(handle, CBC, plaintext))
  if (E.isLeft(encrypted)) return encrypted
  const decrypted = await used(performance, key, 'decrypt', () => application.decrypt(handle, CBC, encrypted.right))
  const note = (what: string): void => void journal.wrong.push({ step: step.id, what })
  if (E.isLeft(decrypted)) {
    if (decrypted.left._tag === 'CKR_ENCRYPTED_DATA_INVALID') note(`what key ${handle} encrypted does not decrypt`)
    return decrypted
  }
  if (!equalBytes(decrypted.right, plaintext)) note(`key ${handle} decrypts to something else`)
  return DONE
}

const isSignedBy = ({ attributes }: KeyView, message: Uint8Array, signature: Uint8Array): boolean => {
  const point = attributes.CKA_EC_POINT === undefined ? undefined : ecPointOf(fromBase64(attributes.CKA_EC_POINT))
  return point !== undefined && p256.verify(signature, message, point, { lowS: false })
}

const signWith = async (performance: Performance, key: number, { views }: MadeKey): Promise<Result> => {
  const { application, step, journal } = performance
  const [publicKey, privateKey] = views
  if (publicKey === undefined || privateKey === undefined) return NOTHING_TO_DO
  const message = utf8Bytes(`message of step ${step.id}`)
  const signed = await used(performance, key, 'sign', () => application.sign(privateKey.handle, ECDSA, message))
  if (E.isLeft(signed)) return signed
  if (!isSignedBy(publicKey, message, signed.right)) {
    journal.wrong.push({ step: step.id, what: `the signature by key ${privateKey.handle} does not verify` })
  }
  return DONE
}

const getKey = async (performance: Performance, key: number, { views: [view] }: MadeKey): Promise<Result> => {
  const { application, step, journal } = performance
  if (view === undefined) return NOTHING_TO_DO
  const got = await used(performance, key, 'get', () => application.getKey(view.handle))
  if (E.isLeft(got)) return got
  if (got.right.attributes.CKA_CHECK_VALUE !== view.attributes.CKA_CHECK_VALUE) {
    journal.wrong.push({ step: step.id, what: `another key stands under handle ${view.handle}` })
  }
  return DONE
}

/** Both halves of a pair; the second one only when the first is gone. */
const deleteKey = async (application: Application, key: MadeKey): Promise<Result> => {
  for (const { handle } of key.views) {
    const deleted = await application.destroyKey(handle)
    if (E.isLeft(deleted)) return deleted
  }
  return DONE
}

const findAll: Performer = async ({ application, step: { id }, journal: { found } }) => {
  const keys = await application.findKeys({})
  if (E.isLeft(keys)) return keys
  found.set(
    id,
    keys.right.map(({ key }) => key.handle),
  )
  return DONE
}

const FIRST_PASSWORD = 'password-1'
const SECOND_PASSWORD = 'password-2'

/** Does what the step says. `nothing to do`: the key it names was never acknowledged. */
export const perform: Performer = async (performance) => {
  const { application, step, journal } = performance
  const { operation, id } = step
  const withKey = async (key: number, use: (key: MadeKey) => Promise<Result>): Promise<Result> => {
    const made = journal.keys.get(key)
    return made === undefined ? NOTHING_TO_DO : await use(made)
  }
  switch (operation.type) {
    case 'make-aes':
      return makeAes(performance)
    case 'make-pair':
      return makePair(performance)
    case 'make-session-key':
      return makeSessionKey(performance)
    case 'sign':
      return withKey(operation.key, (key) => signWith(performance, operation.key, key))
    case 'crypt':
      return withKey(operation.key, async ({ views: [view] }) =>
        view === undefined ? NOTHING_TO_DO : await cryptWith(performance, operation.key, view.handle),
      )
    case 'get':
      return withKey(operation.key, (key) => getKey(performance, operation.key, key))
    case 'delete':
      return withKey(operation.key, (key) => deleteKey(application, key))
    case 'find':
      return findAll(performance)
    case 'create-user':
      return nothingOf(await application.createUser(usernameOf(id), 'crypto-user', utf8Bytes(FIRST_PASSWORD)))
    case 'change-password': {
      const password = utf8Bytes(SECOND_PASSWORD)
      return nothingOf(await application.changePassword(usernameOf(operation.user), 'crypto-user', password))
    }
    case 'delete-user':
      return nothingOf(await application.deleteUser(usernameOf(operation.user), 'crypto-user'))
  }
}

const nothingOf = E.map((): undefined => undefined)
