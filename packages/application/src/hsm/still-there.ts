import type { HsmCore } from './hsm-core.ts'
import { type Answer, refuse } from './reply.ts'
import type { Session } from './session-table.ts'

export const CLOSED = refuse('CKR_SESSION_CLOSED', 'The session was closed.')
const LOGGED_OUT = refuse('CKR_USER_NOT_LOGGED_IN', 'The user logged out meanwhile.')

export const stillOpen = ({ sessions }: HsmCore, session: Session): boolean =>
  sessions.find(session.channel, session.handle) === session

/**
 * What is answered to a request whose session has ended since, or has changed hands: `user` was logged in when it came.
 * Each login is told by the object that it left in the session. `undefined`: go on.
 */
export const goneSince = (core: HsmCore, session: Session, user: Session['user']): Answer | undefined => {
  if (!stillOpen(core, session)) return CLOSED
  return session.user === user ? undefined : LOGGED_OUT
}
