import * as E from 'fp-ts/lib/Either.js'
import {
  type Caller,
  creationRefusal,
  decideDestroyKey,
  decideExtractKey,
  decideGenerateKey,
  decideGenerateKeyPair,
  deletableGeneration,
  type HsmRejection,
  type KeyHandle,
  type KeyRecord,
  matches,
  mayUse,
  nextStamp,
  rejection,
  rootDigest,
  sharedWith,
  type Stamp,
  type Tombstone,
  visibility,
} from '@hsmlab/domain'
import { JSON_OPERATIONS, type KeyView } from '@hsmlab/protocol'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { HsmCore } from './hsm-core.ts'
import { insertRecord } from './insert.ts'
import { type MadeKey, makeKeyPair, makeSecretKey, openMade, recordOf } from './make-key.ts'
import { type Answer, done, MALFORMED, readJson, refuse, writeJson } from './reply.ts'
import type { Session, SessionKey } from './session-table.ts'

/** The most keys in one answer to `findKeys`. */
const FIND_LIMIT_MAX = 256

const callerOf = (session: Session): Caller => ({ session: session.handle, user: session.user })

type Viewable = Readonly<Pick<KeyRecord, 'handle' | 'owner' | 'shares' | 'fixed' | 'mutable'>>

/** What `session` sees of a key: admins see references and labels only. */
const viewOf = (session: Session | undefined, key: Viewable, generation: number): KeyView => ({
  handle: key.handle,
  generation,
  owner: key.owner,
  sharedWith: sharedWith(key),
  attributes:
    visibility(key, session?.user) === 'label'
      ? { CKA_LABEL: key.mutable.CKA_LABEL }
      : { ...key.fixed, ...key.mutable },
})

/** Session keys have no generations. */
const SESSION_KEY_GENERATION = 1

const findView = (core: HsmCore, session: Session | undefined, handle: KeyHandle): KeyView | undefined => {
  const sessionKey = session?.keys.get(handle)
  if (sessionKey !== undefined) return viewOf(session, sessionKey, SESSION_KEY_GENERATION)
  const record = core.log.state.keys.get(handle)
  if (record === undefined || mayUse(record, session?.user, 'read') !== undefined) return undefined
  return viewOf(session, record, record.generation)
}

const NO_KEY = refuse('CKR_OBJECT_HANDLE_INVALID', 'This HSM has no such key.')
const STOPPED = refuse('CKR_DEVICE_ERROR', 'The HSM could not write its log.')
const LANE_SPENT: HsmRejection = rejection('CKR_DEVICE_MEMORY', 'The HSM has no key handle left.')

/** A read leaves when what it saw is on the disk. */
const whenSettled = async (core: HsmCore, answer: () => Answer): Promise<Answer> => {
  const read = answer()
  const settled = core.log.settled()
  return settled === undefined || (await settled) ? read : STOPPED
}

export const getKey = (core: HsmCore, session: Session | undefined, body: Uint8Array): Answer | Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.getKey.request, body)
  if (request === undefined) return MALFORMED
  return whenSettled(core, () => {
    const key = findView(core, session, request.handle)
    return key === undefined ? NO_KEY : E.right(writeJson(JSON_OPERATIONS.getKey.reply, { key }))
  })
}

export const findKeys = (core: HsmCore, session: Session | undefined, body: Uint8Array): Answer | Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.findKeys.request, body)
  if (request === undefined) return MALFORMED
  const { filter, after } = request
  const limit = Math.min(Math.max(Math.floor(request.limit), 1), FIND_LIMIT_MAX)
  const wanted = (handle: KeyHandle, key: Viewable): boolean =>
    handle > after &&
    (filter.handle === undefined || filter.handle === handle) &&
    (filter.attributes === undefined || matches(filter.attributes, { ...key.fixed, ...key.mutable }))
  return whenSettled(core, () => {
    const found: KeyHandle[] = []
    for (const [handle, record] of core.log.state.keys) {
      if (mayUse(record, session?.user, 'read') === undefined && wanted(handle, record)) found.push(handle)
    }
    for (const [handle, key] of session?.keys ?? []) if (wanted(handle, key)) found.push(handle)
    found.sort((a, b) => a - b)
    const keys = found.slice(0, limit).flatMap((handle) => findView(core, session, handle) ?? [])
    return E.right(writeJson(JSON_OPERATIONS.findKeys.reply, { keys, more: found.length > limit }))
  })
}

const stampNow = (core: HsmCore, seen?: Stamp): E.Either<HsmRejection, Stamp> => {
  const { identity, lastStamp } = core.log.state
  if (identity === undefined) return E.left(rejection('CKR_DEVICE_ERROR', 'The HSM has no identity.'))
  const stamp = nextStamp(lastStamp, core.clock.wallMicros(), identity.hsmId, seen)
  return E.isRight(stamp) ? stamp : E.left(rejection('CKR_FUNCTION_FAILED', 'The clocks are too far apart.'))
}

const sessionKeyOf = (tag: number, made: MadeKey, open: SessionKey['open']): SessionKey => ({
  handle: made.handle,
  tag,
  owner: made.owner,
  shares: made.shares,
  fixed: made.fixed,
  mutable: made.mutable,
  open,
})

/** Session keys are known to this session alone, and a retried command answers the ones it made. */
const keepSessionKeys = async (
  core: HsmCore,
  session: Session,
  request: Readonly<{ commandId: string; tag: number }>,
  made: ReadonlyArray<MadeKey>,
): Promise<E.Either<HsmRejection, ReadonlyArray<KeyHandle>>> => {
  const known = session.commands.get(request.commandId)
  if (known !== undefined) return E.right(known.handles as ReadonlyArray<KeyHandle>)
  const refusal = creationRefusal(core.log.state, callerOf(session), core.sessions.keyCount(), made.length === 2)
  if (refusal !== undefined) return E.left(refusal)
  const opened = made.map((key) => openMade(core.engine, key))
  const keys: SessionKey[] = []
  made.forEach((key, i) => {
    const open = opened[i]
    if (open !== undefined && E.isRight(open)) keys.push(sessionKeyOf(request.tag, key, open.right))
  })
  if (keys.length !== made.length) return E.left(rejection('CKR_FUNCTION_FAILED', 'The key cannot be used.'))
  for (const key of keys) session.keys.set(key.handle, key)
  const handles = keys.map(({ handle }) => handle)
  session.commands.set(request.commandId, { type: 'SessionKeyGenerated', handles })
  const [first, second] = handles
  if (first === undefined) return E.right(handles)
  const { handle } = session
  return core.log.commit({
    events: [
      second === undefined
        ? { type: 'SessionKeyGenerated', session: handle, handle: first }
        : { type: 'SessionKeyPairGenerated', session: handle, publicHandle: first, privateHandle: second },
    ],
    reply: E.right(handles),
  })
}

const stillOpen = (core: HsmCore, session: Session): boolean =>
  core.sessions.find(session.channel, session.handle) !== undefined

export const generateKey = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.generateKey.request, body)
  if (request === undefined) return MALFORMED
  const reply = (handle: KeyHandle): Answer => {
    const key = findView(core, session, handle)
    return key === undefined ? NO_KEY : E.right(writeJson(JSON_OPERATIONS.generateKey.reply, { key }))
  }
  const early = creationRefusal(core.log.state, callerOf(session), core.sessions.keyCount(), false)
  if (early !== undefined) return E.left(early)
  const stamp = stampNow(core)
  if (E.isLeft(stamp)) return stamp
  const made = makeSecretKey(core, session, request, stamp.right)
  if (E.isLeft(made)) return made
  if (!made.right.fixed.CKA_TOKEN) {
    const kept = await keepSessionKeys(core, session, request, [made.right])
    return E.isLeft(kept) ? kept : reply(kept.right[0] as KeyHandle)
  }
  const record = recordOf(core, made.right)
  if (record === undefined) return E.left(LANE_SPENT)
  const command = {
    caller: callerOf(session),
    commandId: request.commandId,
    volatile: core.sessions.keyCount(),
  }
  const committed = await core.log.commit(decideGenerateKey(core.log.state, command, record))
  return E.isLeft(committed) ? committed : reply(committed.right)
}

export const generateKeyPair = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.generateKeyPair.request, body)
  if (request === undefined) return MALFORMED
  const reply = (publicHandle: KeyHandle, privateHandle: KeyHandle): Answer => {
    const publicKey = findView(core, session, publicHandle)
    const privateKey = findView(core, session, privateHandle)
    return publicKey === undefined || privateKey === undefined
      ? NO_KEY
      : E.right(writeJson(JSON_OPERATIONS.generateKeyPair.reply, { publicKey, privateKey }))
  }
  const early = creationRefusal(core.log.state, callerOf(session), core.sessions.keyCount(), true)
  if (early !== undefined) return E.left(early)
  const stamp = stampNow(core)
  if (E.isLeft(stamp)) return stamp
  const made = await makeKeyPair(core, session, request, stamp.right)
  if (E.isLeft(made)) return made
  // RSA keys take their time: the session may be gone by now.
  if (!stillOpen(core, session)) return refuse('CKR_SESSION_CLOSED', 'The session was closed.')
  const { publicKey, privateKey } = made.right
  if (!privateKey.fixed.CKA_TOKEN && !publicKey.fixed.CKA_TOKEN) {
    const kept = await keepSessionKeys(core, session, request, [publicKey, privateKey])
    return E.isLeft(kept) ? kept : reply(kept.right[0] as KeyHandle, kept.right[1] as KeyHandle)
  }
  const publicRecord = recordOf(core, publicKey)
  const privateRecord = recordOf(core, privateKey)
  if (publicRecord === undefined || privateRecord === undefined) return E.left(LANE_SPENT)
  const command = {
    caller: callerOf(session),
    commandId: request.commandId,
    volatile: core.sessions.keyCount(),
  }
  const decision = decideGenerateKeyPair(core.log.state, command, publicRecord, privateRecord)
  const committed = await core.log.commit(decision)
  return E.isLeft(committed) ? committed : reply(committed.right[0], committed.right[1])
}

export const extractKey = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.extractKey.request, body)
  if (request === undefined) return MALFORMED
  const committed = await core.log.commit(decideExtractKey(core.log.state, callerOf(session), request.handle))
  if (E.isLeft(committed)) return committed
  return E.right(writeJson(JSON_OPERATIONS.extractKey.reply, { record: committed.right }))
}

/** Any user may bring a copy: only one that was sealed under the cluster's masking key is taken. */
export const insertKey = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.insertKey.request, body)
  if (request === undefined) return MALFORMED
  if (session.user === undefined) return refuse('CKR_USER_NOT_LOGGED_IN', 'Nobody is logged in on this session.')
  const decision = insertRecord(core, request.record, {
    source: 'client',
    session: session.handle,
    commandId: request.commandId,
  })
  const committed = await core.log.commit(decision)
  return E.isLeft(committed) ? committed : done
}

const newTombstone = (
  core: HsmCore,
  session: Session,
  handle: KeyHandle,
  seen: Stamp | undefined,
): E.Either<HsmRejection, Tombstone> => {
  const generation = deletableGeneration(core.log.state, callerOf(session), handle)
  if (E.isLeft(generation)) return generation
  const stamp = stampNow(core, seen)
  if (E.isLeft(stamp)) return stamp
  const masking = core.maskingKey()
  if (masking === undefined) return E.left(rejection('CKR_DEVICE_ERROR', 'The HSM has no masking key.'))
  return E.right(masking.tombstone({ handle, generation: generation.right, stamp: stamp.right }))
}

const destroySessionKey = async (core: HsmCore, session: Session, key: SessionKey): Promise<Answer> => {
  if (!key.mutable.CKA_DESTROYABLE) return refuse('CKR_ACTION_PROHIBITED', 'The key may not be destroyed.')
  session.keys.delete(key.handle)
  key.open.close()
  const event = { type: 'SessionKeyDestroyed', session: session.handle, handle: key.handle } as const
  const committed = await core.log.commit({ events: [event], reply: E.right(undefined) })
  return E.isLeft(committed) ? committed : E.right(writeJson(JSON_OPERATIONS.destroyKey.reply, {}))
}

export const destroyKey = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.destroyKey.request, body)
  if (request === undefined) return MALFORMED
  if (session.user?.role !== 'crypto-user') return refuse('CKR_USER_NOT_LOGGED_IN', 'Only its owner deletes a key.')
  const sessionKey = session.keys.get(request.handle)
  if (sessionKey !== undefined) return destroySessionKey(core, session, sessionKey)
  if (request.tombstone !== undefined && core.maskingKey()?.holds(request.tombstone) !== true) {
    return refuse('CKR_FUNCTION_FAILED', 'The tombstone was not made in this cluster.')
  }
  const tombstone =
    request.tombstone === undefined
      ? newTombstone(core, session, request.handle, request.seen)
      : E.right(request.tombstone)
  if (E.isLeft(tombstone)) return tombstone
  if (tombstone.right.handle !== request.handle) return MALFORMED
  const decision = decideDestroyKey(core.log.state, callerOf(session), request.commandId, tombstone.right)
  const committed = await core.log.commit(decision)
  if (E.isLeft(committed)) return committed
  return E.right(writeJson(JSON_OPERATIONS.destroyKey.reply, { tombstone: committed.right }))
}

/** Ends a PKCS#11 session: the session keys that it made go. */
export const endTag = (session: Session, body: Uint8Array): Answer => {
  const request = readJson(JSON_OPERATIONS.endTag.request, body)
  if (request === undefined) return MALFORMED
  for (const [handle, key] of session.keys) {
    if (key.tag !== request.tag) continue
    session.keys.delete(handle)
    key.open.close()
  }
  return done
}

export const keyDigest = (core: HsmCore): Promise<Answer> =>
  whenSettled(core, () =>
    E.right(
      writeJson(JSON_OPERATIONS.keyDigest.reply, {
        digest: toBase64(rootDigest(core.log.keys.digest())),
        keys: core.log.state.keys.size,
        position: core.log.revision(),
      }),
    ),
  )
