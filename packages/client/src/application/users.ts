import * as E from 'fp-ts/lib/Either.js'
import type { Username } from '@hsmlab/domain'
import { encodePasswordRequest, type HsmInfo, OPERATION, type Role } from '@hsmlab/protocol'
import { failure, outcomeUnknownFailure } from '../failure.ts'
import type { ClientFailure, ClientResult, ClusterUser } from '../face.ts'
import { ABSENT_MILLIS } from '../limits.ts'
import { type Answer, ask, askJson } from '../link/ask.ts'
import type { ApplicationState, Seat } from '../state.ts'
import { commandId } from './command-id.ts'
import { mergeUsers } from './merge-users.ts'
import { persist } from './persist.ts'
import { seatsThat } from './ready-seats.ts'
import { isOpen, isReady } from './seats.ts'

type Rights = typeof isReady

const PATIENCE = { patience: ABSENT_MILLIS }

/** Asks all HSMs the same. */
const askAll = async <A>(
  application: ApplicationState,
  canSend: Rights,
  attempt: (seat: Seat, within: number) => Promise<Answer<A>>,
): ClientResult<ReadonlyArray<Answer<A>>> => {
  const seats = await seatsThat(application, canSend)
  if (E.isLeft(seats)) return seats
  const asked = seats.right.map((seat) => persist(application, seat, { ...PATIENCE, canSend }, attempt))
  return E.right(await Promise.all(asked))
}

/** The answers of the HSMs that gave one; a failure when none did. */
const anyAnswers = <A>(answers: ReadonlyArray<Answer<A>>): E.Either<ClientFailure, ReadonlyArray<A>> => {
  const given = answers.flatMap((answer) => (E.isRight(answer) ? [answer.right] : []))
  const [why] = answers.flatMap((answer) => (E.isLeft(answer) ? [answer.left.failure] : []))
  return given.length === 0 && why !== undefined ? E.left(why) : E.right(given)
}

/** One line per HSM, in the order of the membership ("cluster hsm-info"). */
export const hsmInfo = async (application: ApplicationState): ClientResult<ReadonlyArray<HsmInfo>> => {
  const answers = await askAll(application, isOpen, ({ link, session }, within) =>
    askJson(application.cluster, link, 'hsmInfo', {}, { session, within, ...PATIENCE }),
  )
  return E.isLeft(answers) ? answers : anyAnswers(answers.right)
}

/** Users of all HSMs ("user list"); what differs is `inconsistent`. */
export const listUsers = async (application: ApplicationState): ClientResult<ReadonlyArray<ClusterUser>> => {
  const answers = await askAll(application, isOpen, ({ link, session }, within) =>
    askJson(application.cluster, link, 'listUsers', {}, { session, within, ...PATIENCE }),
  )
  if (E.isLeft(answers)) return answers
  const given = anyAnswers(answers.right)
  return E.isLeft(given) ? given : E.right(mergeUsers(given.right.map(({ users }) => users)))
}

/**
 * Users are not repaired by anybody: what reached only some HSMs stays so until it is repeated ("Keep HSM users in
 * sync"). All the same refusal is that refusal.
 */
const judge = (what: string, answers: ReadonlyArray<Answer<unknown>>): E.Either<ClientFailure, void> => {
  const failures = answers.flatMap((answer) => (E.isLeft(answer) ? [answer.left] : []))
  const [first] = failures
  if (first === undefined) return E.right(undefined)
  const done = answers.length - failures.length
  if (done === 0 && first.fate !== 'unknown') return E.left(first.failure)
  if (done === 0) return E.left(outcomeUnknownFailure(what))
  const message =
    `${what} on ${done} of ${answers.length} HSMs only; the user is inconsistent until this is repeated. ` +
    first.failure.message
  return E.left(failure('CKR_FUNCTION_FAILED', message, first.failure.hsmReturn))
}

type Account = Readonly<{ username: Username; role: Role; password: Uint8Array }>

const sendPassword = async (
  application: ApplicationState,
  operation: number,
  what: string,
  canSend: Rights,
  { username, role, password }: Account,
): Promise<E.Either<ClientFailure, void>> => {
  const { cluster } = application
  const ids = new Map<Seat, ReturnType<typeof commandId>>()
  const answers = await askAll(application, canSend, (seat, within) => {
    const id = ids.get(seat) ?? commandId(cluster)
    ids.set(seat, id)
    const body = encodePasswordRequest({ commandId: id, role, username, password })
    return ask(cluster, seat.link, { operation, session: seat.session, body, secret: true, within, ...PATIENCE })
  })
  return E.isLeft(answers) ? answers : judge(what, answers.right)
}

/** "user create". `password` stays the caller's. */
export const createUser = (
  application: ApplicationState,
  username: Username,
  role: Role,
  password: Uint8Array,
): ClientResult<void> =>
  sendPassword(application, OPERATION.createUser, 'The user was created', isReady, { username, role, password })

/** "user delete". */
export const deleteUser = async (application: ApplicationState, username: Username, role: Role): ClientResult<void> => {
  const { cluster } = application
  const ids = new Map<Seat, ReturnType<typeof commandId>>()
  const answers = await askAll(application, isReady, (seat, within) => {
    const id = ids.get(seat) ?? commandId(cluster)
    ids.set(seat, id)
    const options = { session: seat.session, within, ...PATIENCE }
    return askJson(cluster, seat.link, 'deleteUser', { commandId: id, username, role }, options)
  })
  return E.isLeft(answers) ? answers : judge('The user was deleted', answers.right)
}

/** "user change-password". A changed own password is the one that later logins on returning HSMs use. */
export const changePassword = async (
  application: ApplicationState,
  username: Username,
  role: Role,
  password: Uint8Array,
): ClientResult<void> => {
  const account = { username, role, password }
  const what = 'The password was changed'
  const result = await sendPassword(application, OPERATION.changePassword, what, isReady, account)
  const { identity } = application
  if (E.isRight(result) && identity?.username === username && identity.role === role) {
    identity.password.fill(0)
    application.identity = { ...identity, password: password.slice() }
  }
  return result
}

const ADMIN = 'admin' as Username

/**
 * "cluster activate": the PRECO `admin` of the first HSM gets a password, and is an admin from then on. Nobody needs to
 * be logged in.
 */
export const activate = async (application: ApplicationState, password: Uint8Array): ClientResult<void> => {
  const users = await listUsers(application)
  if (E.isLeft(users)) return users
  if (!users.right.some(({ role }) => role === 'unactivated-admin')) {
    return E.left(failure('CKR_FUNCTION_FAILED', 'The cluster has been activated already.'))
  }
  const account = { username: ADMIN, role: 'admin', password } as const
  return sendPassword(application, OPERATION.changePassword, 'The cluster was activated', isOpen, account)
}
