import * as E from 'fp-ts/lib/Either.js'
import type { CommandId, KeyHandle } from '../identifiers.ts'
import { mayUse } from '../key/access.ts'
import type { KeyRecord, Tombstone } from '../key/key-record.ts'
import type { Caller, HsmDecision, HsmRejection } from './messages.ts'
import { rejection } from './rejection.ts'
import { repetition } from './repetition.ts'
import type { HsmState } from './state.ts'

/** "AWS CloudHSM quotas": keys of hsm2m.medium, token and session keys together, both halves of a pair counted. */
export const KEYS_MAX = 16_666
export const ASYMMETRIC_KEYS_MAX = 3_333

/** Session keys of all sessions: they count against the quota and are not in the state. */
export type VolatileCount = Readonly<{ keys: number; asymmetric: number }>

const asymmetricKeys = (state: HsmState): number => {
  let count = 0
  for (const { fixed } of state.keys.values()) if (fixed.CKA_CLASS !== 'CKO_SECRET_KEY') count += 1
  return count
}

const refused = <Reply>(tag: HsmRejection['_tag'], message: string): HsmDecision<Reply> => ({
  events: [],
  reply: E.left(rejection(tag, message)),
})

/**
 * Why this HSM makes no `count` more keys for the caller; `undefined`: it does. Quotas bind creation only: a copy is
 * never refused for them.
 */
export const creationRefusal = (
  state: HsmState,
  caller: Caller,
  volatile: VolatileCount,
  isPair: boolean,
): HsmRejection | undefined => {
  // The user may have been deleted since it logged in.
  const user = caller.user === undefined ? undefined : state.users.get(caller.user.username)
  if (user?.role !== 'crypto-user') return rejection('CKR_USER_NOT_LOGGED_IN', 'Only crypto users make keys.')
  const count = isPair ? 2 : 1
  if (state.keys.size + volatile.keys + count > KEYS_MAX) {
    return rejection('CKR_DEVICE_MEMORY', `The HSM holds at most ${KEYS_MAX} keys.`)
  }
  if (isPair && asymmetricKeys(state) + volatile.asymmetric + count > ASYMMETRIC_KEYS_MAX) {
    return rejection('CKR_DEVICE_MEMORY', `The HSM holds at most ${ASYMMETRIC_KEYS_MAX} asymmetric keys.`)
  }
  return undefined
}

type KeyCommand = Readonly<{ caller: Caller; commandId: CommandId; volatile: VolatileCount }>

/** What a retry of generateKey answers; `undefined`: it is none. Asked before a key is made in vain, and by `decide`. */
export const repeatedKey = (state: HsmState, commandId: CommandId): HsmDecision<KeyHandle> | undefined =>
  repetition(state, commandId, 'KeyGenerated', ([handle]) => handle as KeyHandle)

/** The same for a pair: the public half's handle, then the private one's. */
export const repeatedKeyPair = (
  state: HsmState,
  commandId: CommandId,
): HsmDecision<readonly [KeyHandle, KeyHandle]> | undefined =>
  repetition(state, commandId, 'KeyPairGenerated', ([publicHandle, privateHandle]) => [
    publicHandle as KeyHandle,
    privateHandle as KeyHandle,
  ])

/** The key was made and sealed off the loop: whether it may be is decided again. A retry answers the first one's handle. */
export const decideGenerateKey = (
  state: HsmState,
  { caller, commandId, volatile }: KeyCommand,
  record: KeyRecord,
): HsmDecision<KeyHandle> => {
  const before = repeatedKey(state, commandId)
  if (before !== undefined) return before
  const refusal = creationRefusal(state, caller, volatile, false)
  if (refusal !== undefined) return { events: [], reply: E.left(refusal) }
  return {
    events: [{ type: 'KeyGenerated', session: caller.session, commandId, record }],
    reply: E.right(record.handle),
  }
}

export const decideGenerateKeyPair = (
  state: HsmState,
  { caller, commandId, volatile }: KeyCommand,
  publicRecord: KeyRecord,
  privateRecord: KeyRecord,
): HsmDecision<readonly [KeyHandle, KeyHandle]> => {
  const before = repeatedKeyPair(state, commandId)
  if (before !== undefined) return before
  const refusal = creationRefusal(state, caller, volatile, true)
  if (refusal !== undefined) return { events: [], reply: E.left(refusal) }
  return {
    events: [{ type: 'KeyPairGenerated', session: caller.session, commandId, publicRecord, privateRecord }],
    reply: E.right([publicRecord.handle, privateRecord.handle]),
  }
}

/** A user who sees a key may copy it to another HSM of the cluster: the copy is sealed, and belongs to its owner there. */
export const decideExtractKey = (state: HsmState, caller: Caller, handle: KeyHandle): HsmDecision<KeyRecord> => {
  if (caller.user === undefined) return refused('CKR_USER_NOT_LOGGED_IN', 'Only a user copies keys.')
  const record = state.keys.get(handle)
  if (record === undefined || mayUse(record, caller.user, 'read') !== undefined) {
    return refused('CKR_OBJECT_HANDLE_INVALID', 'This HSM has no such key.')
  }
  return { events: [{ type: 'KeyExtracted', session: caller.session, handle }], reply: E.right(record) }
}

/**
 * `tombstone` is signed off this decision and carries the stamp of the change: one that the caller brought from the HSM
 * asked first, or one made here. A key that is gone already answers the tombstone that stands.
 */
export const decideDestroyKey = (
  state: HsmState,
  caller: Caller,
  commandId: CommandId,
  tombstone: Tombstone,
): HsmDecision<Tombstone> => {
  const { handle, generation } = tombstone
  const standing = state.tombstones.get(handle)
  if (standing !== undefined && standing.generation >= generation && !state.keys.has(handle)) {
    return { events: [], reply: E.right(standing) }
  }
  const record = state.keys.get(handle)
  const refusal = record === undefined ? undefined : mayUse(record, caller.user, 'delete')
  if (refusal !== undefined) return refused(refusal, 'The key may not be deleted.')
  if (record !== undefined && record.generation > generation)
    return refused('CKR_OBJECT_HANDLE_INVALID', 'Another key.')
  return {
    events: [{ type: 'KeyDeleted', source: 'client', session: caller.session, commandId, tombstone }],
    reply: E.right(tombstone),
  }
}

/** The generation that a deletion of `handle` kills; `undefined`: there is nothing to delete. */
export const deletableGeneration = (
  state: HsmState,
  caller: Caller,
  handle: KeyHandle,
): E.Either<HsmRejection, number> => {
  const record = state.keys.get(handle)
  if (record === undefined) {
    const standing = state.tombstones.get(handle)
    return standing === undefined
      ? E.left(rejection('CKR_OBJECT_HANDLE_INVALID', 'This HSM has no such key.'))
      : E.right(standing.generation)
  }
  const refusal = mayUse(record, caller.user, 'delete')
  return refusal === undefined ? E.right(record.generation) : E.left(rejection(refusal, 'The key may not be deleted.'))
}
