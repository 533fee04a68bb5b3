import * as E from 'fp-ts/lib/Either.js'
import { utf8Text } from '@hsmlab/event-sourcing'
import { CKF, CKS, CKU } from '@hsmlab/pkcs11'
import { type Answer, DONE, refuse } from '../answer.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import { noOperations, type Session, type Token } from '../session/session.ts'
import { SESSIONS_MAX } from '../settings.ts'
import { type Connection, inSession, onSlot, openToken } from './state.ts'

const COLON = 0x3a

/** The user and the password of a PIN; `password` is a copy. `undefined`: no `<user>:<password>`. */
const splitPin = (pin: Uint8Array): Readonly<{ username: string; password: Uint8Array }> | undefined => {
  const colon = pin.indexOf(COLON)
  const username = colon > 0 ? utf8Text(pin.subarray(0, colon)) : undefined
  if (username === undefined || colon === pin.length - 1) return undefined
  return { username, password: pin.slice(colon + 1) }
}

const stateOf = ({ token, readWrite }: Session): number => {
  const isUser = token.application.loggedIn() !== undefined
  if (readWrite) return isUser ? CKS.CKS_RW_USER_FUNCTIONS : CKS.CKS_RW_PUBLIC_SESSION
  return isUser ? CKS.CKS_RO_USER_FUNCTIONS : CKS.CKS_RO_PUBLIC_SESSION
}

const openFault = (flags: number, requireReadWrite: boolean) => {
  const isSerial = (flags & CKF.CKF_SERIAL_SESSION) !== 0
  const isReadWrite = (flags & CKF.CKF_RW_SESSION) !== 0
  if (requireReadWrite && !(isSerial && isReadWrite)) return refuse('CKR_FUNCTION_FAILED')
  return isSerial ? undefined : refuse('CKR_SESSION_PARALLEL_NOT_SUPPORTED')
}

/** After a logout nothing of it is left: operations, session keys, handles of keys that need a login to be seen. */
const forgetLogin = ({ sessions, objects }: Token): void => {
  for (const session of sessions.values()) session.operations = noOperations()
  objects.forgetPrivate()
}

const logout = async (token: Token): Promise<Answer<void>> => {
  if (token.application.loggedIn() === undefined) return refuse('CKR_USER_NOT_LOGGED_IN')
  forgetLogin(token)
  return token.application.logout()
}

/** Logins and logouts of a token wait for each other. */
const inTurn = <A>(token: Token, run: () => Promise<A>): Promise<A> => {
  const mine = token.loginTurn.then(run)
  token.loginTurn = mine.catch(() => undefined)
  return mine
}

const login = async (token: Token, pin: Uint8Array): Promise<Answer<void>> => {
  if (token.application.loggedIn() !== undefined) return refuse('CKR_USER_ALREADY_LOGGED_IN')
  const credentials = splitPin(pin)
  if (credentials === undefined) return refuse('CKR_ARGUMENTS_BAD')
  const answer = await token.application.login('crypto-user', credentials.username, credentials.password)
  if (E.isRight(answer)) return DONE
  credentials.password.fill(0)
  return answer
}

/** Its session keys go with it; with the last session of a token goes the login (PKCS#11 v2.40 §5.6). */
const closeSession = async (connection: Connection, session: Session): Promise<Answer<void>> => {
  const { handle, token, madeSessionKeys } = session
  connection.sessions.delete(handle)
  token.sessions.delete(handle)
  token.objects.forgetSession(handle)
  if (madeSessionKeys) await token.application.endTag(handle)
  if (token.sessions.size === 0) await inTurn(token, () => logout(token))
  return DONE
}

type SessionCalls = Pick<
  CryptokiConnection,
  'C_OpenSession' | 'C_CloseSession' | 'C_CloseAllSessions' | 'C_GetSessionInfo' | 'C_Login' | 'C_Logout'
>

export const sessionCalls = (connection: Connection): SessionCalls => {
  const { shared, settings } = connection

  const addSession = (token: Token, flags: number): Answer<number> => {
    // While the cluster was asked what it is, the program may have ended.
    if (connection.tokens.get(token.slotId) !== token) return refuse('CKR_CRYPTOKI_NOT_INITIALIZED')
    if (connection.sessions.size >= SESSIONS_MAX) return refuse('CKR_SESSION_COUNT')
    const session: Session = {
      handle: shared.nextHandle(),
      token,
      readWrite: (flags & CKF.CKF_RW_SESSION) !== 0,
      operations: noOperations(),
      madeSessionKeys: false,
      running: false,
      waiting: [],
    }
    connection.sessions.set(session.handle, session)
    token.sessions.set(session.handle, session)
    return E.right(session.handle)
  }

  const close = (handle: number) => inSession(connection, handle, (session) => closeSession(connection, session))

  return {
    C_OpenSession: (slotId, flags) =>
      onSlot(connection, slotId, (client) => {
        const fault = openFault(flags, settings.requireReadWriteSessions)
        if (fault !== undefined) return fault
        const token = openToken(connection, slotId, client)
        if (shared.facts.known(client) !== undefined) return addSession(token, flags)
        return shared.facts.learn(client, token.application).then(() => addSession(token, flags))
      }),
    C_CloseSession: close,
    C_CloseAllSessions: (slotId) =>
      onSlot(connection, slotId, async () => {
        const handles = [...(connection.tokens.get(slotId)?.sessions.keys() ?? [])]
        await Promise.all(handles.map(async (handle) => close(handle)))
        return DONE
      }),
    C_GetSessionInfo: (handle) =>
      inSession(connection, handle, (session) =>
        E.right({
          slotId: session.token.slotId,
          state: stateOf(session),
          flags: CKF.CKF_SERIAL_SESSION | (session.readWrite ? CKF.CKF_RW_SESSION : 0),
          deviceError: 0,
        }),
      ),
    C_Login: (handle, userType, pin) => {
      const copy = pin.slice()
      const reply = inSession(connection, handle, ({ token }) =>
        userType === CKU.CKU_USER ? inTurn(token, () => login(token, copy)) : refuse('CKR_USER_TYPE_INVALID'),
      )
      return Promise.resolve(reply).finally(() => copy.fill(0))
    },
    C_Logout: (handle) => inSession(connection, handle, ({ token }) => inTurn(token, () => logout(token))),
  }
}
