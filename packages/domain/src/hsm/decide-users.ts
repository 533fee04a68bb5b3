import * as E from 'fp-ts/lib/Either.js'
import type { CommandId, Username } from '../identifiers.ts'
import { HSM_RETURN } from './hsm-return.ts'
import type { Caller, HsmDecision, HsmEvent, HsmRejection, HsmRole, SealedVerifier, UserRecord } from './messages.ts'
import { rejection } from './rejection.ts'
import { repetition } from './repetition.ts'
import type { HsmState } from './state.ts'

/** More wrong passwords than this in a row lock a user, on this HSM ("HSM user management requirements"). */
export const LOGIN_FAILURES_MAX = 5
/** "AWS CloudHSM quotas": users per cluster of hsm2m.medium. */
export const USERS_MAX = 1024

export const isLocked = (user: UserRecord): boolean => user.failures > LOGIN_FAILURES_MAX

/** What the password check, made off the loop, found; `verifier` is the one it was checked against. */
export type PasswordVerdict = Readonly<{ matches: boolean; verifier: SealedVerifier }>

type LoginReply = Readonly<{ username: Username; role: HsmRole }>

const refusedLogin = (
  { session, username, role }: LoginCommand,
  hsmReturn: number,
  refusal: HsmRejection,
): HsmDecision<LoginReply> => ({
  events: [{ type: 'LoginRefused', session, username, role, hsmReturn }],
  reply: E.left(refusal),
})

export type LoginCommand = Readonly<{ session: number; username: Username; role: 'admin' | 'crypto-user' }>

/** The account that `username` and `role` name; the PRECO logs in as admin. */
export const findUser = (
  state: HsmState,
  username: Username,
  role: 'admin' | 'crypto-user',
): UserRecord | undefined => {
  const user = state.users.get(username)
  return user?.role === role || (user?.role === 'PRECO' && role === 'admin') ? user : undefined
}

/**
 * A refusal is a fact too: it counts towards the lock. `verdict` undefined: there was no such account to check. A
 * password that was changed during the check refuses the login.
 */
export const decideLogin = (
  state: HsmState,
  command: LoginCommand,
  verdict: PasswordVerdict | undefined,
): HsmDecision<LoginReply> => {
  const user = findUser(state, command.username, command.role)
  if (user === undefined || verdict === undefined) {
    const why = rejection('CKR_PIN_INCORRECT', "user isn't initialized or user with this name doesn't exist", 157)
    return refusedLogin(command, HSM_RETURN.userUnknown, why)
  }
  if (isLocked(user)) {
    return refusedLogin(command, HSM_RETURN.loginFailure, rejection('CKR_PIN_LOCKED', 'user is locked', 163))
  }
  if (!verdict.matches || verdict.verifier !== user.verifier) {
    return refusedLogin(command, HSM_RETURN.loginFailure, rejection('CKR_PIN_INCORRECT', 'RET_USER_LOGIN_FAILURE', 163))
  }
  const { username, role } = user
  return {
    events: [{ type: 'LoginSucceeded', session: command.session, username, role }],
    reply: E.right({ username, role }),
  }
}

const refused = <Reply>(tag: HsmRejection['_tag'], message: string): HsmDecision<Reply> => ({
  events: [],
  reply: E.left(rejection(tag, message)),
})

const done = (events: ReadonlyArray<HsmEvent>): HsmDecision<void> => ({ events, reply: E.right(undefined) })

const isAdmin = ({ user }: Caller): boolean => user?.role === 'admin'

type UserCommand = Readonly<{ commandId: CommandId; username: Username; role: 'admin' | 'crypto-user' }>

/** Admins only; a name belongs to one user of an HSM, whatever the role. */
export const decideCreateUser = (
  state: HsmState,
  caller: Caller,
  { commandId, username, role }: UserCommand,
  verifier: SealedVerifier,
): HsmDecision<void> => {
  const before = repetition(state, commandId, 'UserCreated', () => undefined)
  if (before !== undefined) return before
  if (!isAdmin(caller)) return refused('CKR_USER_NOT_LOGGED_IN', 'Only an admin may create users.')
  if (state.users.has(username)) return refused('CKR_FUNCTION_FAILED', 'User already exists.')
  if (state.users.size >= USERS_MAX) return refused('CKR_FUNCTION_FAILED', `The HSM holds at most ${USERS_MAX} users.`)
  return done([{ type: 'UserCreated', session: caller.session, commandId, username, role, verifier }])
}

const ownsKeys = (state: HsmState, username: Username): boolean => {
  for (const record of state.keys.values()) if (record.owner === username) return true
  return false
}

const isLastAdmin = (state: HsmState, username: Username): boolean =>
  ![...state.users.values()].some((other) => other.role === 'admin' && other.username !== username)

/** Refused for the user itself, for whoever owns keys, and for the last admin ("Delete HSM users"). */
export const decideDeleteUser = (
  state: HsmState,
  caller: Caller,
  { commandId, username, role }: UserCommand,
  isLoggedIn: boolean,
): HsmDecision<void> => {
  const before = repetition(state, commandId, 'UserDeleted', () => undefined)
  if (before !== undefined) return before
  if (!isAdmin(caller)) return refused('CKR_USER_NOT_LOGGED_IN', 'Only an admin may delete users.')
  const user = state.users.get(username)
  if (user === undefined || user.role !== role) return refused('CKR_FUNCTION_FAILED', 'User does not exist.')
  if (isLoggedIn) return refused('CKR_FUNCTION_FAILED', 'A user that is logged in cannot be deleted.')
  if (ownsKeys(state, username)) return refused('CKR_FUNCTION_FAILED', 'The user owns keys; delete them first.')
  if (role === 'admin' && isLastAdmin(state, username)) {
    return refused('CKR_FUNCTION_FAILED', 'The last admin cannot be deleted.')
  }
  return done([{ type: 'UserDeleted', session: caller.session, commandId, username, role }])
}

/** Everybody changes their own password, admins anybody's; the PRECO's, without login, activates the cluster. */
export const decideChangePassword = (
  state: HsmState,
  caller: Caller,
  { commandId, username, role }: UserCommand,
  verifier: SealedVerifier,
): HsmDecision<void> => {
  const before = repetition(state, commandId, 'PasswordChanged', () => undefined)
  if (before !== undefined) return before
  const user = findUser(state, username, role)
  if (user?.role === 'PRECO') {
    if (state.phase !== 'INITIALIZED') return refused('CKR_FUNCTION_FAILED', 'The cluster is not initialized.')
    return done([{ type: 'PasswordChanged', session: caller.session, commandId, username, role: 'PRECO', verifier }])
  }
  const mayChange = isAdmin(caller) || caller.user?.username === username
  if (!mayChange) return refused('CKR_USER_NOT_LOGGED_IN', 'Only an admin may change the password of another user.')
  if (user === undefined) return refused('CKR_FUNCTION_FAILED', 'User does not exist.')
  return done([{ type: 'PasswordChanged', session: caller.session, commandId, username, role, verifier }])
}
