import * as E from 'fp-ts/lib/Either.js'
import {
  decideChangePassword,
  decideCreateUser,
  decideDeleteUser,
  decideLogin,
  type CommandId,
  findUser,
  HSM_RETURN,
  type HsmEvent,
  isLocked,
  type PasswordVerdict,
  UsernameCodec,
  CommandIdCodec,
  type SealedVerifier,
  type Username,
} from '@hsmlab/domain'
import {
  decodePasswordRequest,
  encodeLoginReply,
  JSON_OPERATIONS,
  type PasswordRequest,
  type UserRole,
} from '@hsmlab/protocol'
import type { HsmCore } from './hsm-core.ts'
import { checkPassword, hashPassword, isPasswordAllowed, pretendToCheck } from './passwords.ts'
import { type Answer, EMPTY, MALFORMED, readJson, refuse, writeJson } from './reply.ts'
import { callerOf, endLogin, type Session } from './session-table.ts'
import { CLOSED, goneSince, stillOpen } from './still-there.ts'
import { whenSettled } from './when-settled.ts'

/** A new session of a client application; the audit log shows it as an end-to-end encrypted session. */
export const openSession = async (core: HsmCore, channel: string, body: Uint8Array): Promise<Answer> => {
  if (readJson(JSON_OPERATIONS.openSession.request, body) === undefined) return MALFORMED
  const session = core.sessions.open(channel)
  if (session === undefined) return refuse('CKR_SESSION_COUNT', 'The HSM has no session left.')
  const reply = E.right({ session: session.handle })
  const committed = await core.log.commit({ events: [{ type: 'ChannelOpened', session: session.handle }], reply })
  if (E.isRight(committed)) return E.right(writeJson(JSON_OPERATIONS.openSession.reply, committed.right))
  core.sessions.remove(session)
  return committed
}

/** The session ends, and its session keys. Without logout before, the audit log shows CN_APP_FINALIZE. */
export const closeSession = async (core: HsmCore, session: Session): Promise<Answer> => {
  const { user } = session
  const events: ReadonlyArray<HsmEvent> =
    user === undefined ? [] : [{ type: 'ApplicationFinalized', session: session.handle, ...user }]
  return core.log.commit({ events, reply: E.right(EMPTY) }, () => core.sessions.remove(session))
}

/** How long a session whose end the log did not take waits to end. */
const END_AGAIN_MILLIS = 1000

/** Ends a session whose client is gone. The audit log shows it even if the log is busy now. */
export const endSession = async (core: HsmCore, session: Session): Promise<void> => {
  const ended = await closeSession(core, session)
  if (E.isRight(ended) || ended.left.hsmReturn !== HSM_RETURN.busy) return
  core.clock.after(END_AGAIN_MILLIS, () => {
    if (stillOpen(core, session)) void endSession(core, session)
  })
}

type Credentials = Omit<PasswordRequest, 'commandId'> & Readonly<{ commandId: CommandId; username: Username }>

const readCredentials = (body: Uint8Array): Credentials | undefined => {
  const request = decodePasswordRequest(body)
  const commandId = CommandIdCodec.decode(request?.commandId)
  const username = UsernameCodec.decode(request?.username)
  if (request === undefined || E.isLeft(commandId) || E.isLeft(username)) return undefined
  return { ...request, commandId: commandId.right, username: username.right }
}

type PasswordOperation = (core: HsmCore, session: Session, request: Credentials) => Promise<Answer>

/** Whatever comes of it, the password that was sent does not stay in memory. */
const withPassword =
  (work: PasswordOperation) =>
  async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
    try {
      const request = readCredentials(body)
      return request === undefined ? MALFORMED : await work(core, session, request)
    } finally {
      body.fill(0)
    }
  }

/** Checks off the loop; the time that it takes does not tell whether the user exists. */
const verdictOn = async (core: HsmCore, request: Credentials): Promise<PasswordVerdict | undefined> => {
  const user = findUser(core.log.state, request.username, request.role)
  if (user === undefined || isLocked(user)) await pretendToCheck(core, request.password)
  if (user === undefined) return undefined
  if (isLocked(user)) return { matches: false, verifier: user.verifier }
  return { matches: await checkPassword(core, user, request.password), verifier: user.verifier }
}

const USER_TYPE_NAMES = { PRECO: 'unactivated-admin', admin: 'admin', 'crypto-user': 'crypto-user' } as const

const ALREADY = refuse('CKR_USER_ALREADY_LOGGED_IN', 'A user is logged in on this session.')

/** A refusal counts whatever became of the session meanwhile; only what is still open and free is logged in. */
export const login = withPassword(async (core, session, request) => {
  const { role, username } = request
  if (session.user !== undefined) return ALREADY
  const verdict = await verdictOn(core, request)
  const decision = decideLogin(core.log.state, { session: session.handle, username, role }, verdict)
  if (E.isRight(decision.reply) && !stillOpen(core, session)) return CLOSED
  if (E.isRight(decision.reply) && session.user !== undefined) return ALREADY
  const committed = await core.log.commit(decision, (user) => {
    session.user = user
  })
  if (E.isLeft(committed)) return committed
  return E.right(encodeLoginReply(USER_TYPE_NAMES[committed.right.role as keyof typeof USER_TYPE_NAMES]))
})

export const logout = async (core: HsmCore, session: Session): Promise<Answer> => {
  const { user } = session
  if (user === undefined) return refuse('CKR_USER_NOT_LOGGED_IN', 'Nobody is logged in on this session.')
  const event: HsmEvent = { type: 'LoggedOut', session: session.handle, ...user }
  return core.log.commit({ events: [event], reply: E.right(EMPTY) }, () => endLogin(session))
}

type PasswordDecision = typeof decideCreateUser

/** Hashes off the loop, then decides on what is true by then. */
const withNewPassword = (decide: PasswordDecision) =>
  withPassword(async (core, session, { commandId, role, username, password }) => {
    if (!isPasswordAllowed(password)) {
      return refuse('CKR_PIN_LEN_RANGE', 'A password has 8 to 32 characters, and no colon.')
    }
    const { user } = session
    const command = { commandId, username, role }
    // Whoever would be refused anyway costs the HSM no hash.
    const early = decide(core.log.state, callerOf(session), command, NO_VERIFIER)
    if (E.isLeft(early.reply)) return early.reply
    const verifier = await hashPassword(core, username, password)
    const gone = goneSince(core, session, user)
    if (gone !== undefined) return gone
    const decision = decide(core.log.state, callerOf(session), command, verifier)
    return E.map(() => EMPTY)(await core.log.commit(decision))
  })

const NO_VERIFIER = '' as SealedVerifier

export const createUser = withNewPassword(decideCreateUser)
export const changePassword = withNewPassword(decideChangePassword)

export const deleteUser = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.deleteUser.request, body)
  if (request === undefined) return MALFORMED
  const isLoggedIn = core.sessions.isLoggedIn(request.username)
  const decision = decideDeleteUser(core.log.state, callerOf(session), request, isLoggedIn)
  return E.map(() => EMPTY)(await core.log.commit(decision))
}

const roleName = (role: keyof typeof USER_TYPE_NAMES | 'appliance-user'): UserRole =>
  role === 'appliance-user' ? 'internal(APPLIANCE_USER)' : USER_TYPE_NAMES[role]

/** Anybody may ask, logged in or not ("HSM user permissions table for CloudHSM CLI"). */
export const listUsers = (core: HsmCore): Promise<Answer> =>
  whenSettled(core, () => {
    const users = [...core.log.state.users.values()]
      .sort((a, b) => (a.username < b.username ? -1 : 1))
      .map((user) => ({ username: user.username, role: roleName(user.role), locked: isLocked(user) }))
    return E.right(writeJson(JSON_OPERATIONS.listUsers.reply, { users }))
  })
