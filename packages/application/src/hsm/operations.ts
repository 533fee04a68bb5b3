import { OPERATION, type SessionRequest } from '@hsmlab/protocol'
import { decrypt, encrypt, random, sign, verify } from './crypto-operations.ts'
import type { HsmCore } from './hsm-core.ts'
import { findKeys, getKey, keyDigest } from './find-operations.ts'
import { generateKey, generateKeyPair } from './generate-operations.ts'
import { destroyKey, endTag, extractKey, insertKey } from './key-operations.ts'
import { hsmInfo, membership } from './info-operations.ts'
import { type Answer, NO_SESSION, refuse } from './reply.ts'
import {
  changePassword,
  closeSession,
  createUser,
  deleteUser,
  listUsers,
  login,
  logout,
  openSession,
} from './session-operations.ts'

/** What the HSM says while it may not serve keys: it has not yet compared them with its peers. */
const NOT_SERVING = refuse('CKR_DEVICE_ERROR', 'The HSM is not serving yet.')

/** Works out the answer to one request that came over `channel`. Nothing here trusts the request. */
export const answerRequest = (
  core: HsmCore,
  channel: string,
  serving: boolean,
  { operation, session: handle, body }: SessionRequest,
): Answer | Promise<Answer> => {
  const session = core.sessions.find(channel, handle)
  // First, because these are what a busy HSM does all day.
  if (operation === OPERATION.sign) return serving ? sign(core, session, body) : NOT_SERVING
  switch (operation) {
    case OPERATION.membership:
      return membership(core)
    case OPERATION.openSession:
      return openSession(core, channel, body)
    case OPERATION.hsmInfo:
      return hsmInfo(core)
    case OPERATION.listUsers:
      return listUsers(core)
  }
  if (session === undefined) return NO_SESSION
  switch (operation) {
    case OPERATION.closeSession:
      return closeSession(core, session)
    case OPERATION.login:
      return login(core, session, body)
    case OPERATION.logout:
      return logout(core, session)
    case OPERATION.changePassword:
      return changePassword(core, session, body)
    case OPERATION.createUser:
      return createUser(core, session, body)
    case OPERATION.deleteUser:
      return deleteUser(core, session, body)
    case OPERATION.endTag:
      return endTag(session, body)
  }
  if (!serving) return NOT_SERVING
  switch (operation) {
    case OPERATION.verify:
      return verify(core, session, body)
    case OPERATION.encrypt:
      return encrypt(core, session, body)
    case OPERATION.decrypt:
      return decrypt(core, session, body)
    case OPERATION.random:
      return random(core, session, body)
    case OPERATION.generateKey:
      return generateKey(core, session, body)
    case OPERATION.generateKeyPair:
      return generateKeyPair(core, session, body)
    case OPERATION.findKeys:
      return findKeys(core, session, body)
    case OPERATION.getKey:
      return getKey(core, session, body)
    case OPERATION.extractKey:
      return extractKey(core, session, body)
    case OPERATION.insertKey:
      return insertKey(core, session, body)
    case OPERATION.destroyKey:
      return destroyKey(core, session, body)
    case OPERATION.keyDigest:
      return keyDigest(core, session)
    default:
      return refuse('CKR_FUNCTION_NOT_SUPPORTED', 'The HSM does not know this operation.')
  }
}
