import * as E from 'fp-ts/lib/Either.js'
import { type Answer, refuse, type Reply, whenAnswered } from '../answer.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import { type CallName, HANDSHAKE, type RequestOf, type ResponseOf } from './calls.ts'
import { fitList, type UlongList } from './letter.ts'

type Handlers = {
  readonly [N in CallName]?: (connection: CryptokiConnection, ...values: RequestOf<N>) => Reply<ResponseOf<N>>
}

const isHandshake = (bytes: Uint8Array): boolean =>
  bytes.length === HANDSHAKE.length && HANDSHAKE.every((value, i) => bytes[i] === value)

const fitted = (list: Reply<ReadonlyArray<number>>, room: number | undefined): Reply<UlongList> =>
  whenAnswered(list, (answer: Answer<ReadonlyArray<number>>) =>
    E.isLeft(answer) ? answer : E.right(fitList(answer.right, room)),
  )

/** What serves each call. Calls that are not here are those that CloudHSM's library does not support. */
export const HANDLERS: Handlers = {
  C_Initialize: (connection, handshake) =>
    isHandshake(handshake) ? connection.C_Initialize() : refuse('CKR_GENERAL_ERROR'),
  C_Finalize: (connection) => connection.C_Finalize(),
  C_GetInfo: (connection) => connection.C_GetInfo(),
  C_GetSlotList: (connection, tokenPresent, room) => fitted(connection.C_GetSlotList(tokenPresent !== 0), room),
  C_GetSlotInfo: (connection, slotId) => connection.C_GetSlotInfo(slotId),
  C_GetTokenInfo: (connection, slotId) => connection.C_GetTokenInfo(slotId),
  C_GetMechanismList: (connection, slotId, room) => fitted(connection.C_GetMechanismList(slotId), room),
  C_GetMechanismInfo: (connection, slotId, type) => connection.C_GetMechanismInfo(slotId, type),
  C_OpenSession: (connection, slotId, flags) => connection.C_OpenSession(slotId, flags),
  C_CloseSession: (connection, session) => connection.C_CloseSession(session),
  C_CloseAllSessions: (connection, slotId) => connection.C_CloseAllSessions(slotId),
  C_GetSessionInfo: (connection, session) => connection.C_GetSessionInfo(session),
  C_Login: (connection, session, userType, pin) => {
    const reply = connection.C_Login(session, userType, pin)
    pin.fill(0)
    return reply
  },
  C_Logout: (connection, session) => connection.C_Logout(session),
  C_DestroyObject: (connection, session, object) => connection.C_DestroyObject(session, object),
  C_GetAttributeValue: (connection, session, object, rooms) => connection.C_GetAttributeValue(session, object, rooms),
  C_FindObjectsInit: (connection, session, template) => connection.C_FindObjectsInit(session, template),
  C_FindObjects: (connection, session, room) => connection.C_FindObjects(session, room ?? 0),
  C_FindObjectsFinal: (connection, session) => connection.C_FindObjectsFinal(session),
  C_EncryptInit: (connection, session, mechanism, key) => connection.C_EncryptInit(session, mechanism, key),
  C_Encrypt: (connection, session, plaintext, room) => connection.C_Encrypt(session, plaintext, room),
  C_EncryptUpdate: (connection, session, part, room) => connection.C_EncryptUpdate(session, part, room),
  C_EncryptFinal: (connection, session, room) => connection.C_EncryptFinal(session, room),
  C_DecryptInit: (connection, session, mechanism, key) => connection.C_DecryptInit(session, mechanism, key),
  C_Decrypt: (connection, session, ciphertext, room) => connection.C_Decrypt(session, ciphertext, room),
  C_DecryptUpdate: (connection, session, part, room) => connection.C_DecryptUpdate(session, part, room),
  C_DecryptFinal: (connection, session, room) => connection.C_DecryptFinal(session, room),
  C_DigestInit: (connection, session, mechanism) => connection.C_DigestInit(session, mechanism),
  C_Digest: (connection, session, message, room) => connection.C_Digest(session, message, room),
  C_DigestUpdate: (connection, session, part) => connection.C_DigestUpdate(session, part),
  C_DigestFinal: (connection, session, room) => connection.C_DigestFinal(session, room),
  C_SignInit: (connection, session, mechanism, key) => connection.C_SignInit(session, mechanism, key),
  C_Sign: (connection, session, message, room) => connection.C_Sign(session, message, room),
  C_SignUpdate: (connection, session, part) => connection.C_SignUpdate(session, part),
  C_SignFinal: (connection, session, room) => connection.C_SignFinal(session, room),
  C_VerifyInit: (connection, session, mechanism, key) => connection.C_VerifyInit(session, mechanism, key),
  C_Verify: (connection, session, message, signature) => connection.C_Verify(session, message, signature),
  C_VerifyUpdate: (connection, session, part) => connection.C_VerifyUpdate(session, part),
  C_VerifyFinal: (connection, session, signature) => connection.C_VerifyFinal(session, signature),
  C_GenerateKey: (connection, session, mechanism, template) => connection.C_GenerateKey(session, mechanism, template),
  C_GenerateKeyPair: (connection, session, mechanism, publicTemplate, privateTemplate) =>
    connection.C_GenerateKeyPair(session, mechanism, publicTemplate, privateTemplate),
  // The room is how many bytes are wanted; there is no asking for a length.
  C_GenerateRandom: (connection, session, room) => connection.C_GenerateRandom(session, room ?? 0),
}
