import * as E from 'fp-ts/lib/Either.js'
import {
  type CryptoEngine,
  checkValue,
  ecPointAttribute,
  type KeyMaterial,
  type OpenKey,
  type CryptoFailure,
} from '@hsmlab/crypto'
import {
  type FixedAttributes,
  type HsmRejection,
  type KeyHandle,
  type KeyPairParameters,
  type KeyRecord,
  type KeyTemplate,
  newKeyPair,
  type NewKey,
  newSecretKey,
  rejection,
  type Shares,
  type Stamp,
} from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { HsmCore } from './hsm-core.ts'
import type { UnsealedKey } from './masking-key.ts'
import type { Session } from './session-table.ts'

/** A key that was just made, in the clear: inside the HSM, and only until it is sealed or opened. */
export type MadeKey = UnsealedKey

type Request = Readonly<{ mechanism: number; sharedWith: ReadonlyArray<KeyRecord['owner']> }>

/** Only with crypto users of this HSM: so no list is longer than its users are many. */
const sharingRefusal = ({ log }: HsmCore, { sharedWith }: Request): E.Either<HsmRejection, never> | undefined =>
  sharedWith.every((username) => log.state.users.get(username)?.role === 'crypto-user')
    ? undefined
    : E.left(rejection('CKR_ATTRIBUTE_VALUE_INVALID', 'A key is shared with crypto users of this HSM.'))

const sharesOf = ({ sharedWith }: Request, stamp: Stamp): Shares =>
  Object.fromEntries(sharedWith.map((username) => [username, { shared: true, stamp }]))

const NOT_LOGGED_IN = E.left(rejection('CKR_USER_NOT_LOGGED_IN', 'Only crypto users make keys.'))

type Checkable = Parameters<typeof checkValue>[0]

/** `checked`: of a pair both halves have the check value of the public key ("Check value", CloudHSM CLI). */
const withValue = ({ fixed, mutable }: NewKey, value: Partial<FixedAttributes>, checked: Checkable): NewKey => {
  const kcv = checkValue(checked)
  return {
    fixed: { ...fixed, ...value, ...(kcv === undefined ? {} : { CKA_CHECK_VALUE: toBase64(kcv) }) },
    mutable,
  }
}

export const makeSecretKey = (
  core: HsmCore,
  session: Session,
  request: Request & Readonly<{ template: KeyTemplate }>,
  stamp: Stamp,
): E.Either<HsmRejection, MadeKey> => {
  const key = newSecretKey(request.template, request.mechanism, core.mode())
  if (E.isLeft(key)) return E.left(rejection(key.left._tag, key.left.message))
  const unshareable = sharingRefusal(core, request)
  if (unshareable !== undefined) return unshareable
  if (session.user === undefined) return NOT_LOGGED_IN
  const handle = core.handles.take(1)
  if (E.isLeft(handle)) return handle
  const value = core.random.bytes(key.right.lengthBytes)
  const keyType = key.right.fixed.CKA_KEY_TYPE === 'CKK_AES' ? 'CKK_AES' : 'CKK_GENERIC_SECRET'
  const material = { _tag: 'secret', keyType, value } as const
  const made = withValue(key.right, {}, material)
  return E.right({
    handle: handle.right,
    owner: session.user.username,
    shares: sharesOf(request, stamp),
    ...made,
    material,
  })
}

type PairRequest = Request & Readonly<{ publicTemplate: KeyTemplate; privateTemplate: KeyTemplate }>

/** The public half and the private one. */
export const makeKeyPair = async (
  core: HsmCore,
  session: Session,
  request: PairRequest,
  stamp: Stamp,
): Promise<E.Either<HsmRejection, readonly [MadeKey, MadeKey]>> => {
  const pair = newKeyPair(request.publicTemplate, request.privateTemplate, request.mechanism, core.mode())
  if (E.isLeft(pair)) return E.left(rejection(pair.left._tag, pair.left.message))
  const owner = session.user?.username
  const unshareable = sharingRefusal(core, request)
  if (unshareable !== undefined) return unshareable
  if (owner === undefined) return NOT_LOGGED_IN
  const taken = core.handles.take(2)
  if (E.isLeft(taken)) return taken
  const handle = taken.right
  const shares = sharesOf(request, stamp)
  const { value, publicMaterial, privateMaterial } = await generate(core.engine, pair.right.parameters)
  const publicKey = withValue(pair.right.public, value, publicMaterial)
  const privateKey = withValue(pair.right.private, value, publicMaterial)
  return E.right([
    { handle, owner, shares: {}, ...publicKey, material: publicMaterial },
    { handle: (handle + 1) as KeyHandle, owner, shares, ...privateKey, material: privateMaterial },
  ])
}

type Generated = Readonly<{
  value: Partial<FixedAttributes>
  publicMaterial: Extract<KeyMaterial, { _tag: 'ec-public' | 'rsa-public' }>
  privateMaterial: KeyMaterial
}>

const generate = async (engine: CryptoEngine, parameters: KeyPairParameters): Promise<Generated> => {
  if (parameters._tag === 'ec') {
    const { curve } = parameters
    const { scalar, point } = engine.generateEc(curve)
    return {
      value: { CKA_EC_POINT: toBase64(ecPointAttribute(point)) },
      publicMaterial: { _tag: 'ec-public', curve, point },
      privateMaterial: { _tag: 'ec-private', curve, scalar },
    }
  }
  const { modulusBits } = parameters
  const { pkcs8, modulus, publicExponent } = await engine.generateRsa(modulusBits, parameters.publicExponent)
  return {
    value: {
      CKA_MODULUS: toBase64(modulus),
      CKA_MODULUS_BITS: modulusBits,
      CKA_PUBLIC_EXPONENT: toBase64(publicExponent),
    },
    publicMaterial: { _tag: 'rsa-public', modulus, publicExponent },
    privateMaterial: { _tag: 'rsa-private', pkcs8 },
  }
}

/** The secret bytes go; what an engine opened or the HSM sealed has its own. */
export const wipe = (material: KeyMaterial): void => {
  if (material._tag === 'secret') material.value.fill(0)
  if (material._tag === 'ec-private') material.scalar.fill(0)
  if (material._tag === 'rsa-private') material.pkcs8.fill(0)
}

/** Makes a session key ready for use. */
export const openMade = (engine: CryptoEngine, key: MadeKey): E.Either<CryptoFailure, OpenKey> =>
  engine.open(key.material)

/** Seals a token key: the form in which it stands on the log and travels. `undefined`: there is no masking key. */
export const recordOf = (core: HsmCore, key: MadeKey): KeyRecord | undefined => core.maskingKey()?.mask(key)
