import type { CkrName } from '@hsmlab/pkcs11'
import type { Username } from '../identifiers.ts'
import type { FixedAttributes, MutableAttributeName, MutableAttributes } from './attributes.ts'
import type { Shares } from './key-record.ts'

/** What access depends on; token keys and session keys alike. */
export type GuardedKey = Readonly<{
  owner: Username
  shares: Shares
  fixed: Pick<FixedAttributes, 'CKA_CLASS'>
  mutable: MutableAttributes
}>

/** Who asks; `undefined`: nobody is logged in. */
export type KeyUser = Readonly<{ username: string; role: string }> | undefined

/**
 * What is asked for. `extract` is to be wrapped by another key, `read` to show attributes, `modify` to change
 * attributes or shares.
 */
export type KeyFunction =
  'sign' | 'verify' | 'encrypt' | 'decrypt' | 'wrap' | 'unwrap' | 'derive' | 'extract' | 'modify' | 'delete' | 'read'

/** How much of a key a user sees: admins see references and labels of all keys ("key list", CloudHSM CLI). */
export type Visibility = 'all' | 'label' | 'none'

const isOwner = (key: GuardedKey, user: KeyUser): boolean => user?.role === 'crypto-user' && user.username === key.owner

const isShared = (key: GuardedKey, user: KeyUser): boolean =>
  user?.role === 'crypto-user' && Object.hasOwn(key.shares, user.username) && key.shares[user.username]?.shared === true

/** Public keys are visible to all, even without login; other keys to their owner and those they are shared with. */
export const visibility = (key: GuardedKey, user: KeyUser): Visibility => {
  if (key.fixed.CKA_CLASS === 'CKO_PUBLIC_KEY') return 'all'
  if (isOwner(key, user) || isShared(key, user)) return 'all'
  return user?.role === 'admin' ? 'label' : 'none'
}

const FLAG_OF: Readonly<Partial<Record<KeyFunction, MutableAttributeName>>> = {
  sign: 'CKA_SIGN',
  verify: 'CKA_VERIFY',
  encrypt: 'CKA_ENCRYPT',
  decrypt: 'CKA_DECRYPT',
  wrap: 'CKA_WRAP',
  unwrap: 'CKA_UNWRAP',
  derive: 'CKA_DERIVE',
}

/** CKR_KEY_HANDLE_INVALID is for keys at work, CKR_OBJECT_HANDLE_INVALID for objects that are looked after. */
const invisible = (wanted: KeyFunction): CkrName =>
  wanted === 'read' || wanted === 'modify' || wanted === 'delete'
    ? 'CKR_OBJECT_HANDLE_INVALID'
    : 'CKR_KEY_HANDLE_INVALID'

/**
 * Why `user` may not do this with `key`; `undefined`: may ("Ownership and sharing": "Share a key using CloudHSM CLI",
 * "Delete a key using CloudHSM CLI"). A key that a user cannot see answers like one that is not there. Those with whom
 * a key is shared use it and read it, and do nothing else; public keys are usable by every crypto user. Admins use none:
 * CKR_USER_NOT_LOGGED_IN, as for nobody. What they may change, `CKA_TRUSTED`, is `mayTrust`'s.
 */
export const mayUse = (key: GuardedKey, user: KeyUser, wanted: KeyFunction): CkrName | undefined => {
  const seen = visibility(key, user)
  if (wanted === 'read') return seen === 'none' ? invisible(wanted) : undefined
  if (user?.role !== 'crypto-user') return 'CKR_USER_NOT_LOGGED_IN'
  if (seen !== 'all') return invisible(wanted)
  return isOwner(key, user) ? denied(key, wanted) : deniedToOthers(key, wanted)
}

const denied = (key: GuardedKey, wanted: KeyFunction): CkrName | undefined => {
  if (wanted === 'delete') return key.mutable.CKA_DESTROYABLE ? undefined : 'CKR_ACTION_PROHIBITED'
  if (wanted === 'modify') return key.mutable.CKA_MODIFIABLE ? undefined : 'CKR_ACTION_PROHIBITED'
  if (wanted === 'extract') return key.mutable.CKA_EXTRACTABLE ? undefined : 'CKR_KEY_UNEXTRACTABLE'
  const flag = FLAG_OF[wanted]
  return flag === undefined || key.mutable[flag] === true ? undefined : 'CKR_KEY_FUNCTION_NOT_PERMITTED'
}

const deniedToOthers = (key: GuardedKey, wanted: KeyFunction): CkrName | undefined => {
  if (wanted === 'delete' || wanted === 'modify') return 'CKR_ACTION_PROHIBITED'
  if (wanted === 'extract') return 'CKR_KEY_NOT_WRAPPABLE'
  if (wanted === 'derive') return 'CKR_KEY_FUNCTION_NOT_PERMITTED'
  return denied(key, wanted)
}

/** Whether `wrapping` may wrap `payload`: `CKA_WRAP_WITH_TRUSTED` wants a key that an admin trusts. */
export const mayWrapWith = (payload: GuardedKey, wrapping: GuardedKey): CkrName | undefined =>
  payload.mutable.CKA_WRAP_WITH_TRUSTED && !wrapping.mutable.CKA_TRUSTED ? 'CKR_KEY_NOT_WRAPPABLE' : undefined

/** `CKA_TRUSTED` of any key is an admin's to set, both ways, and nobody else's ("Trusted keys"). */
export const mayTrust = (key: GuardedKey, user: KeyUser): CkrName | undefined => {
  if (user?.role === 'admin') return key.mutable.CKA_MODIFIABLE ? undefined : 'CKR_ACTION_PROHIBITED'
  return visibility(key, user) === 'none' ? 'CKR_OBJECT_HANDLE_INVALID' : 'CKR_ATTRIBUTE_READ_ONLY'
}
