import * as E from 'fp-ts/lib/Either.js'
import {
  creationRefusal,
  decideGenerateKey,
  decideGenerateKeyPair,
  type HsmEvent,
  type HsmRejection,
  type KeyHandle,
  rejection,
  repeatedKey,
  repeatedKeyPair,
} from '@hsmlab/domain'
import { JSON_OPERATIONS, type RequestOf } from '@hsmlab/protocol'
import { findView, NO_KEY } from './find-operations.ts'
import type { HsmCore } from './hsm-core.ts'
import { type MadeKey, makeKeyPair, makeSecretKey, openMade, recordOf, wipe } from './make-key.ts'
import { stampNow } from './stamp-now.ts'
import { type Answer, MALFORMED, readJson, writeJson } from './reply.ts'
import { callerOf, rememberCommand, type Session, type SessionKey } from './session-table.ts'
import { goneSince } from './still-there.ts'

type Handles = ReadonlyArray<KeyHandle>
type Done = E.Either<HsmRejection, Handles>

const NO_MASKING_KEY = E.left(rejection('CKR_DEVICE_ERROR', 'The HSM has no masking key.'))
const UNUSABLE = E.left(rejection('CKR_FUNCTION_FAILED', 'The key cannot be used.'))

const sessionKeyOf = (
  tag: number,
  { material: _material, ...made }: MadeKey,
  open: SessionKey['open'],
): SessionKey => ({
  ...made,
  tag,
  open,
})

const generatedEvent = ({ handle }: Session, [first, second]: Handles): ReadonlyArray<HsmEvent> => {
  if (first === undefined) return []
  return second === undefined
    ? [{ type: 'SessionKeyGenerated', session: handle, handle: first }]
    : [{ type: 'SessionKeyPairGenerated', session: handle, publicHandle: first, privateHandle: second }]
}

type Request = Readonly<{ commandId: RequestOf<'generateKey'>['commandId']; tag: number }>

/** Session keys live in this session's memory; they are there when the log has taken that they were made. */
const keepSessionKeys = (
  core: HsmCore,
  session: Session,
  { commandId, tag }: Request,
  made: ReadonlyArray<MadeKey>,
): Promise<Done> => {
  const keys = made.flatMap((key) => {
    const open = openMade(core.engine, key)
    return E.isRight(open) ? [sessionKeyOf(tag, key, open.right)] : []
  })
  if (keys.length < made.length) return Promise.resolve(UNUSABLE)
  const handles = keys.map(({ handle }) => handle)
  return core.log.commit({ events: generatedEvent(session, handles), reply: E.right(handles) }, () => {
    for (const key of keys) session.keys.set(key.handle, key)
    rememberCommand(session, commandId, { type: 'SessionKeyGenerated', handles })
  })
}

/** Token keys are sealed; `decide` has the last word, for it may have taken a while to make them. */
const keepTokenKeys = async (
  core: HsmCore,
  session: Session,
  { commandId }: Request,
  made: ReadonlyArray<MadeKey>,
): Promise<Done> => {
  const records = made.flatMap((key) => {
    const record = recordOf(core, key)
    return record === undefined ? [] : [record]
  })
  const [first, second] = records
  if (first === undefined || records.length < made.length) return NO_MASKING_KEY
  const command = { caller: callerOf(session), commandId, volatile: core.sessions.keyCount() }
  const { state } = core.log
  if (second === undefined) {
    const handle = await core.log.commit(decideGenerateKey(state, command, first))
    return E.isLeft(handle) ? handle : E.right([handle.right])
  }
  return core.log.commit(decideGenerateKeyPair(state, command, first, second))
}

/** The handles that the same command made before; `undefined`: it is new. */
const madeBefore = (core: HsmCore, session: Session, { commandId }: Request, isPair: boolean) => {
  const inSession = session.commands.get(commandId)
  if (inSession !== undefined) return core.log.commit({ events: [], reply: E.right(inSession.handles as Handles) })
  const { state } = core.log
  const pair = isPair ? repeatedKeyPair(state, commandId) : undefined
  if (pair !== undefined) return core.log.commit<Handles>(pair)
  const single = isPair ? undefined : repeatedKey(state, commandId)
  return single === undefined ? undefined : core.log.commit(single).then(E.map((handle): Handles => [handle]))
}

type Making = Promise<E.Either<HsmRejection, ReadonlyArray<MadeKey>>> | E.Either<HsmRejection, ReadonlyArray<MadeKey>>

const keep = async (
  core: HsmCore,
  session: Session,
  request: Request,
  isPair: boolean,
  made: ReadonlyArray<MadeKey>,
): Promise<Done> => {
  const before = madeBefore(core, session, request, isPair)
  if (before !== undefined) return before
  const refusal = creationRefusal(core.log.state, callerOf(session), core.sessions.keyCount(), isPair)
  if (refusal !== undefined) return E.left(refusal)
  const isToken = made.every(({ fixed }) => fixed.CKA_TOKEN)
  return isToken ? keepTokenKeys(core, session, request, made) : keepSessionKeys(core, session, request, made)
}

/** A retry is told what the first attempt made, before anything else is judged: quotas, or what the session is by now. */
const generate = async (
  core: HsmCore,
  session: Session,
  request: Request,
  isPair: boolean,
  make: () => Making,
): Promise<Done> => {
  const before = madeBefore(core, session, request, isPair)
  if (before !== undefined) return before
  const early = creationRefusal(core.log.state, callerOf(session), core.sessions.keyCount(), isPair)
  if (early !== undefined) return E.left(early)
  const { user } = session
  const made = await make()
  if (E.isLeft(made)) return made
  const gone = goneSince(core, session, user)
  const kept = gone !== undefined && E.isLeft(gone) ? gone : await keep(core, session, request, isPair, made.right)
  for (const { material } of made.right) wipe(material)
  return kept
}

export const generateKey = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.generateKey.request, body)
  if (request === undefined) return MALFORMED
  const done = await generate(core, session, request, false, () => {
    const stamp = stampNow(core)
    const made = E.isLeft(stamp) ? stamp : makeSecretKey(core, session, request, stamp.right)
    return E.map((key: MadeKey) => [key])(made)
  })
  if (E.isLeft(done)) return done
  const [key] = done.right.map((handle) => findView(core, session, handle))
  return key === undefined ? NO_KEY : E.right(writeJson(JSON_OPERATIONS.generateKey.reply, { key }))
}

export const generateKeyPair = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.generateKeyPair.request, body)
  if (request === undefined) return MALFORMED
  const done = await generate(core, session, request, true, () => {
    const stamp = stampNow(core)
    return E.isLeft(stamp) ? stamp : makeKeyPair(core, session, request, stamp.right)
  })
  if (E.isLeft(done)) return done
  const [publicKey, privateKey] = done.right.map((handle) => findView(core, session, handle))
  return publicKey === undefined || privateKey === undefined
    ? NO_KEY
    : E.right(writeJson(JSON_OPERATIONS.generateKeyPair.reply, { publicKey, privateKey }))
}
