import { p256 } from '@noble/curves/nist.js'
import * as E from 'fp-ts/lib/Either.js'
import type { Application, ClientFailure } from '@hsmlab/client'
import { ecParams, ecPointOf, equalBytes } from '@hsmlab/crypto'
import type { KeyHandle, KeyTemplate, Username } from '@hsmlab/domain'
import { fromBase64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { CKM, type Mechanism, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { KeyView } from '@hsmlab/protocol'
import type { Journal, MadeKey } from './record.ts'
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

/** Does one operation and notes what it learned. */
type Performer = (application: Application, step: WorkStep, journal: Journal) => Promise<Result>

const makeAes: Performer = async (application, { id }, { keys }) => {
  const options = { mechanism: CKM.CKM_AES_KEY_GEN, tag: 0 }
  const made = await application.generateKey({ ...AES, ...labelOf(id), CKA_TOKEN: true }, options)
  if (E.isLeft(made)) return made
  keys.set(id, { views: [made.right] })
  return DONE
}

const makePair: Performer = async (application, { id }, { keys }) => {
  const label = labelOf(id)
  const options = { mechanism: CKM.CKM_EC_KEY_PAIR_GEN, tag: 0 }
  const made = await application.generateKeyPair({ ...PUBLIC, ...label }, { ...PRIVATE, ...label }, options)
  if (E.isLeft(made)) return made
  keys.set(id, { views: [made.right.publicKey, made.right.privateKey] })
  return DONE
}

/** A session key, used at once: whether it lives on is nobody's promise. */
const makeSessionKey: Performer = async (application, step, journal) => {
  const options = { mechanism: CKM.CKM_AES_KEY_GEN, tag: step.id + 1 }
  const made = await application.generateKey({ ...AES, CKA_TOKEN: false }, options)
  if (E.isLeft(made)) return made
  const crypted = await cryptWith(application, step.id, made.right.handle, journal)
  await application.endTag(step.id + 1)
  return crypted
}

const cryptWith = async (
  application: Application,
  step: number,
  handle: KeyHandle,
  { wrong }: Journal,
): Promise<Result> => {
  const plaintext = utf8Bytes(`plaintext of step ${step}`)
  const encrypted = await application.encrypt(handle, CBC, plaintext)
  if (E.isLeft(encrypted)) return encrypted
  const decrypted = await application.decrypt(handle, CBC, encrypted.right)
  if (E.isLeft(decrypted)) {
    const isWrong = decrypted.left._tag === 'CKR_ENCRYPTED_DATA_INVALID'
    if (isWrong) wrong.push({ step, what: `what key ${handle} encrypted does not decrypt` })
    return decrypted
  }
  if (!equalBytes(decrypted.right, plaintext)) wrong.push({ step, what: `key ${handle} decrypts to something else` })
  return DONE
}

const isSignedBy = ({ attributes }: KeyView, message: Uint8Array, signature: Uint8Array): boolean => {
  const point = attributes.CKA_EC_POINT === undefined ? undefined : ecPointOf(fromBase64(attributes.CKA_EC_POINT))
  return point !== undefined && p256.verify(signature, message, point, { lowS: false })
}

const signWith = async (application: Application, step: number, key: MadeKey, { wrong }: Journal): Promise<Result> => {
  const [publicKey, privateKey] = key.views
  if (publicKey === undefined || privateKey === undefined) return NOTHING_TO_DO
  const message = utf8Bytes(`message of step ${step}`)
  const signed = await application.sign(privateKey.handle, ECDSA, message)
  if (E.isLeft(signed)) return signed
  if (!isSignedBy(publicKey, message, signed.right)) {
    wrong.push({ step, what: `the signature by key ${privateKey.handle} does not verify` })
  }
  return DONE
}

const getKey = async (application: Application, step: number, key: MadeKey, { wrong }: Journal): Promise<Result> => {
  const [view] = key.views
  if (view === undefined) return NOTHING_TO_DO
  const got = await application.getKey(view.handle)
  if (E.isLeft(got)) return got
  if (got.right.attributes.CKA_CHECK_VALUE !== view.attributes.CKA_CHECK_VALUE) {
    wrong.push({ step, what: `another key stands under handle ${view.handle}` })
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

const findAll: Performer = async (application, { id }, { found }) => {
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

const withKey =
  (id: number, use: (key: MadeKey) => Promise<Result>) =>
  (journal: Journal): Promise<Result> => {
    const key = journal.keys.get(id)
    return key === undefined ? Promise.resolve(NOTHING_TO_DO) : use(key)
  }

/** Does what `step` says. `nothing to do`: the key it names was never acknowledged. */
export const perform: Performer = async (application, step, journal) => {
  const { operation, id } = step
  switch (operation.type) {
    case 'make-aes':
      return makeAes(application, step, journal)
    case 'make-pair':
      return makePair(application, step, journal)
    case 'make-session-key':
      return makeSessionKey(application, step, journal)
    case 'sign':
      return withKey(operation.key, (key) => signWith(application, id, key, journal))(journal)
    case 'crypt':
      return withKey(operation.key, async ({ views: [view] }) =>
        view === undefined ? NOTHING_TO_DO : await cryptWith(application, id, view.handle, journal),
      )(journal)
    case 'get':
      return withKey(operation.key, (key) => getKey(application, id, key, journal))(journal)
    case 'delete':
      return withKey(operation.key, (key) => deleteKey(application, key))(journal)
    case 'find':
      return findAll(application, step, journal)
    case 'create-user':
      return E.map(() => undefined)(
        await application.createUser(usernameOf(id), 'crypto-user', utf8Bytes(FIRST_PASSWORD)),
      )
    case 'change-password':
      return E.map(() => undefined)(
        await application.changePassword(usernameOf(operation.user), 'crypto-user', utf8Bytes(SECOND_PASSWORD)),
      )
    case 'delete-user':
      return E.map(() => undefined)(await application.deleteUser(usernameOf(operation.user), 'crypto-user'))
  }
}
