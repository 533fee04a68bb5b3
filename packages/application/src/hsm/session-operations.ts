import * as E from 'fp-ts/lib/Either.js'
import {
  type Caller,
  decideChangePassword,
  decideCreateUser,
  decideDeleteUser,
  decideLogin,
  findUser,
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
import { type Answer, done, MALFORMED, readJson, refuse, writeJson } from './reply.ts'
import type { Session } from './session-table.ts'

const callerOf = (session: Session): Caller => ({ session: session.handle, user: session.user })

/** A new session of a client application; the audit log shows it as an end-to-end encrypted session. */
export const openSession = async (core: HsmCore, channel: string, body: Uint8Array): Promise<Answer> => {
  if (readJson(JSON_OPERATIONS.openSession.request, body) === undefined) return MALFORMED
  const session = core.sessions.open(channel)
  if (session === undefined) return refuse('CKR_SESSION_COUNT', 'The HSM has no session left.')
  const reply = E.right({ session: session.handle })
  const committed = await core.log.commit({ events: [{ type: 'ChannelOpened', session: session.handle }], reply })
  return E.map((opened: { session: number }) => writeJson(JSON_OPERATIONS.openSession.reply, opened))(committed)
}

const forget = (session: Session): void => {
  session.user = undefined
  for (const key of session.keys.values()) key.open.close()
  session.keys.clear()
}

/** The session ends, and its session keys. Without logout before, the audit log shows CN_APP_FINALIZE. */
export const closeSession = async (core: HsmCore, session: Session): Promise<Answer> => {
  const { user } = session
  core.sessions.remove(session)
  if (user === undefined) return done
  const event: HsmEvent = { type: 'ApplicationFinalized', session: session.handle, ...user }
  return E.map(() => new Uint8Array(0))(await core.log.commit({ events: [event], reply: E.right(undefined) }))
}

const readPassword = (
  body: Uint8Array,
): (PasswordRequest & Readonly<{ username: Username; wipe: () => void }>) | undefined => {
  const request = decodePasswordRequest(body)
  if (request === undefined || E.isLeft(CommandIdCodec.decode(request.commandId))) return undefined
  const username = UsernameCodec.decode(request.username)
  const wipe = (): void => void request.password.fill(0)
  return E.isLeft(username) ? undefined : { ...request, username: username.right, wipe }
}

/** Checks off the loop; the time that it takes does not tell whether the user exists. */
const verdictOn = async (core: HsmCore, request: PasswordRequest): Promise<PasswordVerdict | undefined> => {
  const user = findUser(core.log.state, request.username as Username, request.role)
  if (user === undefined || isLocked(user)) await pretendToCheck(core, request.password)
  if (user === undefined) return undefined
  if (isLocked(user)) return { matches: false, verifier: user.verifier }
  return { matches: await checkPassword(core, user, request.password), verifier: user.verifier }
}

const USER_TYPE_NAMES = { PRECO: 'unactivated-admin', admin: 'admin', 'crypto-user': 'crypto-user' } as const

export const login = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readPassword(body)
  if (request === undefined) return MALFORMED
  const { role, username } = request
  if (session.user !== undefined) {
    request.wipe()
    return refuse('CKR_USER_ALREADY_LOGGED_IN', 'A user is logged in on this session.')
  }
  const verdict = await verdictOn(core, request)
  request.wipe()
  const decision = decideLogin(core.log.state, { session: session.handle, username, role }, verdict)
  const committed = await core.log.commit(decision)
  if (E.isLeft(committed)) return committed
  session.user = committed.right
  return E.right(encodeLoginReply(USER_TYPE_NAMES[committed.right.role as keyof typeof USER_TYPE_NAMES]))
}

export const logout = async (core: HsmCore, session: Session): Promise<Answer> => {
  const { user } = session
  if (user === undefined) return refuse('CKR_USER_NOT_LOGGED_IN', 'Nobody is logged in on this session.')
  forget(session)
  const event: HsmEvent = { type: 'LoggedOut', session: session.handle, ...user }
  return E.map(() => new Uint8Array(0))(await core.log.commit({ events: [event], reply: E.right(undefined) }))
}

type PasswordDecision = typeof decideCreateUser

/** Hashes off the loop, then decides on what is true by then. */
const withNewPassword =
  (decide: PasswordDecision) =>
  async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
    const request = readPassword(body)
    if (request === undefined) return MALFORMED
    if (!isPasswordAllowed(request.password)) {
      request.wipe()
      return refuse('CKR_PIN_LEN_RANGE', 'A password has 8 to 32 characters, and no colon.')
    }
    const { role, username } = request
    const commandId = CommandIdCodec.decode(request.commandId)
    if (E.isLeft(commandId)) return MALFORMED
    // Whoever would be refused anyway costs the HSM no hash.
    const early = decide(core.log.state, callerOf(session), { commandId: commandId.right, username, role }, NO_VERIFIER)
    if (E.isLeft(early.reply)) {
      request.wipe()
      return early.reply
    }
    const verifier = await hashPassword(core, username, request.password)
    request.wipe()
    const command = { commandId: commandId.right, username, role }
    const decision = decide(core.log.state, callerOf(session), command, verifier)
    return E.map(() => new Uint8Array(0))(await core.log.commit(decision))
  }

const NO_VERIFIER = '' as SealedVerifier

export const createUser = withNewPassword(decideCreateUser)
export const changePassword = withNewPassword(decideChangePassword)

export const deleteUser = async (core: HsmCore, session: Session, body: Uint8Array): Promise<Answer> => {
  const request = readJson(JSON_OPERATIONS.deleteUser.request, body)
  if (request === undefined) return MALFORMED
  const isLoggedIn = core.sessions.isLoggedIn(request.username)
  const decision = decideDeleteUser(core.log.state, callerOf(session), request, isLoggedIn)
  return E.map(() => new Uint8Array(0))(await core.log.commit(decision))
}

const roleName = (role: keyof typeof USER_TYPE_NAMES | 'appliance-user'): UserRole =>
  role === 'appliance-user' ? 'internal(APPLIANCE_USER)' : USER_TYPE_NAMES[role]

/** Anybody may ask, logged in or not ("HSM user permissions table for CloudHSM CLI"). */
export const listUsers = (core: HsmCore): Answer => {
  const users = [...core.log.state.users.values()]
    .sort((a, b) => (a.username < b.username ? -1 : 1))
    .map((user) => ({ username: user.username, role: roleName(user.role), locked: isLocked(user) }))
  return E.right(writeJson(JSON_OPERATIONS.listUsers.reply, { users }))
}
