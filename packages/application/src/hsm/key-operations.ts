import * as E from 'fp-ts/lib/Either.js'
import {
  decideDestroyKey,
  decideExtractKey,
  deletableGeneration,
  type HsmRejection,
  type KeyHandle,
  rejection,
  type Stamp,
  type Tombstone,
} from '@hsmlab/domain'
import { JSON_OPERATIONS, type RequestOf } from '@hsmlab/protocol'
import type { HsmCore } from './hsm-core.ts'
import { insertRecord } from './insert.ts'
import { type Answer, done, MALFORMED, readJson, refuse, writeJson } from './reply.ts'
import { callerOf, rememberCommand, removeKey, type Session, type SessionKey } from './session-table.ts'
import { stampNow } from './stamp-now.ts'

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

const DESTROYED = E.right(writeJson(JSON_OPERATIONS.destroyKey.reply, {}))

const destroySessionKey = async (
  core: HsmCore,
  session: Session,
  { commandId }: RequestOf<'destroyKey'>,
  key: SessionKey,
): Promise<Answer> => {
  if (!key.mutable.CKA_DESTROYABLE) return refuse('CKR_ACTION_PROHIBITED', 'The key may not be destroyed.')
  const { handle } = key
  const event = { type: 'SessionKeyDestroyed', session: session.handle, handle } as const
  return core.log.commit({ events: [event], reply: DESTROYED }, () => {
    removeKey(session, key)
    rememberCommand(session, commandId, { type: 'SessionKeyDestroyed', handles: [handle] })
  })
}

const destroyTokenKey = async (
  core: HsmCore,
  session: Session,
  { commandId, handle, tombstone: brought, seen }: RequestOf<'destroyKey'>,
): Promise<Answer> => {
  if (brought !== undefined && brought.handle !== handle) return MALFORMED
  if (brought !== undefined && core.maskingKey()?.holds(brought) !== true) {
    return refuse('CKR_FUNCTION_FAILED', 'The tombstone was not made in this cluster.')
  }
  const tombstone = brought === undefined ? newTombstone(core, session, handle, seen) : E.right(brought)
  if (E.isLeft(tombstone)) return tombstone
  const decision = decideDestroyKey(core.log.state, callerOf(session), commandId, tombstone.right)
  const committed = await core.log.commit(decision)
  if (E.isLeft(committed)) return committed
  return E.right(writeJson(JSON_OPERATIONS.destroyKey.reply, { tombstone: committed.right }))
}

export const destroyKey = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.destroyKey.request, body)
  if (request === undefined) return MALFORMED
  if (session.user?.role !== 'crypto-user') return refuse('CKR_USER_NOT_LOGGED_IN', 'Only its owner deletes a key.')
  const sessionKey = session.keys.get(request.handle)
  if (sessionKey !== undefined) return destroySessionKey(core, session, request, sessionKey)
  if (session.commands.get(request.commandId)?.type === 'SessionKeyDestroyed') {
    return core.log.commit({ events: [], reply: DESTROYED })
  }
  return destroyTokenKey(core, session, request)
}

/** Ends a PKCS#11 session: the session keys that it made go. */
export const endTag = (session: Session, body: Uint8Array): Answer => {
  const request = readJson(JSON_OPERATIONS.endTag.request, body)
  if (request === undefined) return MALFORMED
  for (const key of session.keys.values()) if (key.tag === request.tag) removeKey(session, key)
  return done
}
