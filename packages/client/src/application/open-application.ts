import * as E from 'fp-ts/lib/Either.js'
import type { KeyHandle } from '@hsmlab/domain'
import type { Mechanism } from '@hsmlab/pkcs11'
import { encodeCryptoRequest, encodeRandomRequest, JSON_OPERATIONS, type KeyView, OPERATION } from '@hsmlab/protocol'
import { garbageFailure } from '../failure.ts'
import type { Application, ClientFailure, ClientResult } from '../face.ts'
import { readBytes, writeBytes } from '../json.ts'
import { APPLICATIONS_MAX } from '../limits.ts'
import type { ApplicationState, Cluster } from '../state.ts'
import { abandonCalls, call } from './calls.ts'
import { destroyKey } from './destroy-key.ts'
import { findKeys } from './find-keys.ts'
import { generateKey, generateKeyPair } from './generate.ts'
import { forgetIdentity, login, logout } from './login.ts'
import { restoreSeat } from './present-password.ts'
import { closeSession, makeSeat } from './seats.ts'
import { endTag } from './session-keys.ts'
import { isSilent, settleNear } from './settle-near.ts'
import { activate, changePassword, createUser, deleteUser, hsmInfo, listUsers } from './users.ts'

const NOTHING: Uint8Array = new Uint8Array(0)
const DONE: E.Either<ClientFailure, void> = E.right(undefined)

const closeApplication = async (application: ApplicationState): Promise<void> => {
  const { cluster, seats } = application
  if (application.closed) return
  application.closed = true
  forgetIdentity(application)
  abandonCalls(application)
  const tasks = seats.map((seat) => ({ seat, ended: closeSession(application, seat) }))
  await settleNear(cluster, tasks, isSilent)
  cluster.applications.delete(application)
}

const getKey = async (application: ApplicationState, handle: KeyHandle): ClientResult<KeyView> => {
  const { request, reply } = JSON_OPERATIONS.getKey
  const answer = await call(application, OPERATION.getKey, handle, writeBytes(request, { handle }))
  if (E.isLeft(answer)) return answer
  const read = readBytes(reply, answer.right)
  return read === undefined ? E.left(garbageFailure) : E.right(read.key)
}

const cryptoCall = (
  application: ApplicationState,
  operation: number,
  handle: KeyHandle,
  mechanism: Mechanism,
  input: Uint8Array,
  signature = NOTHING,
): ClientResult<Uint8Array> =>
  call(application, operation, handle, encodeCryptoRequest({ handle, mechanism, input, signature }))

const verify = async (
  application: ApplicationState,
  handle: KeyHandle,
  mechanism: Mechanism,
  message: Uint8Array,
  signature: Uint8Array,
): ClientResult<void> => {
  const answer = await cryptoCall(application, OPERATION.verify, handle, mechanism, message, signature)
  return E.isLeft(answer) ? answer : DONE
}

const random = async (application: ApplicationState, count: number): ClientResult<Uint8Array> => {
  const answer = await call(application, OPERATION.random, 0, encodeRandomRequest(count))
  return E.isRight(answer) && answer.right.length !== count ? E.left(garbageFailure) : answer
}

/** One too many is closed from the start. */
const isFull = ({ applications, env }: Cluster): boolean => {
  if (applications.size < APPLICATIONS_MAX) return false
  env.logger.log('warn', 'too many applications', { limit: APPLICATIONS_MAX })
  return true
}

const newApplication = (cluster: Cluster, name: string, keyAvailabilityCheck: boolean): ApplicationState => ({
  cluster,
  name,
  keyAvailabilityCheck,
  seats: cluster.links.map(makeSeat),
  identity: undefined,
  loggingIn: false,
  loginNumber: 0,
  placements: new Map(),
  sessionKeys: new Map(),
  tagHomes: new Map(),
  lookUps: new Map(),
  turn: 0,
  closed: isFull(cluster),
})

/** A client application with a session on every HSM of the cluster, those that come later included. */
export const openApplication = (
  cluster: Cluster,
  name: string,
  { keyAvailabilityCheck }: Readonly<{ keyAvailabilityCheck: boolean }>,
): Application => {
  const application = newApplication(cluster, name, keyAvailabilityCheck)
  if (!application.closed) cluster.applications.add(application)
  for (const seat of application.seats) void restoreSeat(application, seat)
  return {
    login: (role, username, password) => login(application, role, username, password),
    logout: () => logout(application),
    loggedIn: () => {
      const { identity } = application
      return identity && { username: identity.username, role: identity.loggedInAs }
    },
    close: () => closeApplication(application),

    generateKey: (template, options) => generateKey(application, template, options),
    generateKeyPair: (publicTemplate, privateTemplate, options) =>
      generateKeyPair(application, publicTemplate, privateTemplate, options),
    findKeys: (filter) => findKeys(application, filter),
    getKey: (handle) => getKey(application, handle),
    destroyKey: (handle) => destroyKey(application, handle),
    endTag: (tag) => endTag(application, tag),

    sign: (handle, mechanism, message) => cryptoCall(application, OPERATION.sign, handle, mechanism, message),
    verify: (handle, mechanism, message, signature) => verify(application, handle, mechanism, message, signature),
    encrypt: (handle, mechanism, plaintext) => cryptoCall(application, OPERATION.encrypt, handle, mechanism, plaintext),
    decrypt: (handle, mechanism, ciphertext) =>
      cryptoCall(application, OPERATION.decrypt, handle, mechanism, ciphertext),
    random: (count) => random(application, count),

    activate: (password) => activate(application, password),
    hsmInfo: () => hsmInfo(application),
    listUsers: () => listUsers(application),
    createUser: (username, role, password) => createUser(application, username, role, password),
    deleteUser: (username, role) => deleteUser(application, username, role),
    changePassword: (username, role, password) => changePassword(application, username, role, password),
  }
}
