import * as E from 'fp-ts/lib/Either.js'
import { type KeyHandle, type KeyRecord, matches, mayUse, rootDigest, sharedWith, visibility } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import { JSON_OPERATIONS, type KeyView, type RequestOf } from '@hsmlab/protocol'
import type { HsmCore } from './hsm-core.ts'
import { type Answer, MALFORMED, readJson, refuse, writeJson } from './reply.ts'
import type { Session } from './session-table.ts'
import { whenSettled } from './when-settled.ts'

/** The most keys in one answer to `findKeys`. */
const FIND_LIMIT_MAX = 256
/** An answer takes no more keys once it is this long, in characters of its JSON: with shares, keys can be large. */
const FIND_FILL = 250_000

type Viewable = Readonly<Pick<KeyRecord, 'handle' | 'owner' | 'shares' | 'fixed' | 'mutable'>>

/** What `session` sees of a key: admins see references and labels only. */
const viewOf = (session: Session, key: Viewable, generation: number): KeyView => ({
  handle: key.handle,
  generation,
  owner: key.owner,
  sharedWith: sharedWith(key),
  attributes:
    visibility(key, session.user) === 'label' ? { CKA_LABEL: key.mutable.CKA_LABEL } : { ...key.fixed, ...key.mutable },
})

/** Session keys have no generations. */
const SESSION_KEY_GENERATION = 1

/** What `session` sees of the key that has this handle; `undefined`: nothing, as if there were none. */
export const findView = (core: HsmCore, session: Session, handle: KeyHandle): KeyView | undefined => {
  const sessionKey = session.keys.get(handle)
  if (sessionKey !== undefined) return viewOf(session, sessionKey, SESSION_KEY_GENERATION)
  const record = core.log.state.keys.get(handle)
  if (record === undefined || mayUse(record, session.user, 'read') !== undefined) return undefined
  return viewOf(session, record, record.generation)
}

export const NO_KEY = refuse('CKR_OBJECT_HANDLE_INVALID', 'This HSM has no such key.')

export const getKey = (core: HsmCore, session: Session, body: Uint8Array): Answer | Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.getKey.request, body)
  if (request === undefined) return MALFORMED
  return whenSettled(core, () => {
    const key = findView(core, session, request.handle)
    return key === undefined ? NO_KEY : E.right(writeJson(JSON_OPERATIONS.getKey.reply, { key }))
  })
}

/** Handles of the keys that `session` sees and that the filter matches, rising. */
const handlesFound = (
  core: HsmCore,
  session: Session,
  { filter, after }: RequestOf<'findKeys'>,
): ReadonlyArray<KeyHandle> => {
  const wanted = (handle: KeyHandle, key: Viewable): boolean =>
    handle > after &&
    (filter.handle === undefined || filter.handle === handle) &&
    (filter.attributes === undefined || matches(filter.attributes, { ...key.fixed, ...key.mutable }))
  const found: KeyHandle[] = []
  for (const [handle, record] of core.log.state.keys) {
    if (mayUse(record, session.user, 'read') === undefined && wanted(handle, record)) found.push(handle)
  }
  for (const [handle, key] of session.keys) if (wanted(handle, key)) found.push(handle)
  return found.sort((a, b) => a - b)
}

const sizeOf = (view: KeyView): number => JSON.stringify(view).length

/** One page: as many keys as were asked for and fit into a frame, at least one. */
export const findKeys = (core: HsmCore, session: Session, body: Uint8Array): Answer | Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.findKeys.request, body)
  if (request === undefined) return MALFORMED
  const limit = Math.min(Math.max(Math.floor(request.limit), 1), FIND_LIMIT_MAX)
  return whenSettled(core, () => {
    const found = handlesFound(core, session, request)
    const keys: KeyView[] = []
    let size = 0
    for (const handle of found) {
      if (keys.length >= limit || size >= FIND_FILL) break
      const view = findView(core, session, handle)
      if (view === undefined) continue
      keys.push(view)
      size += sizeOf(view)
    }
    const last = keys.at(-1)?.handle ?? 0
    return E.right(writeJson(JSON_OPERATIONS.findKeys.reply, { keys, more: (found.at(-1) ?? 0) > last }))
  })
}

/** Users only ("HSM user permissions table for CloudHSM CLI": sync status). */
export const keyDigest = (core: HsmCore, session: Session): Answer | Promise<Answer> => {
  if (session.user === undefined) return refuse('CKR_USER_NOT_LOGGED_IN', 'Nobody is logged in on this session.')
  return whenSettled(core, () =>
    E.right(
      writeJson(JSON_OPERATIONS.keyDigest.reply, {
        digest: toBase64(rootDigest(core.log.keys.digest())),
        keys: core.log.state.keys.size,
        position: core.log.revision(),
      }),
    ),
  )
}
