import type { OpenKey } from '@hsmlab/crypto'
import type {
  Caller,
  CommandOutcome,
  FixedAttributes,
  HsmRole,
  KeyHandle,
  MutableAttributes,
  Shares,
  Username,
} from '@hsmlab/domain'

/** "AWS CloudHSM quotas": connections to one HSM. */
export const SESSIONS_MAX = 2048

/** A session key: lives in memory, on the one HSM that made it, and ends with its session or its tag. */
export type SessionKey = Readonly<{
  handle: KeyHandle
  /** The PKCS#11 session that made it. */
  tag: number
  owner: Username
  shares: Shares
  fixed: FixedAttributes
  mutable: MutableAttributes
  open: OpenKey
}>

/** One client application on one HSM. Volatile: it ends with the channel, or with the HSM. */
export type Session = {
  readonly handle: number
  readonly channel: string
  user: Readonly<{ username: Username; role: HsmRole }> | undefined
  readonly keys: Map<KeyHandle, SessionKey>
  /** What generated and destroyed session keys, so that a retry is told the same; the oldest are forgotten. */
  readonly commands: Map<string, CommandOutcome>
}

const COMMANDS_MAX = 1024

export const rememberCommand = ({ commands }: Session, commandId: string, outcome: CommandOutcome): void => {
  commands.set(commandId, outcome)
  const [oldest] = commands.keys()
  if (commands.size > COMMANDS_MAX && oldest !== undefined) commands.delete(oldest)
}

export const callerOf = (session: Session): Caller => ({ session: session.handle, user: session.user })

export const removeKey = ({ keys }: Session, key: SessionKey): void => {
  if (keys.delete(key.handle)) key.open.close()
}

/** The user goes, and the session keys. */
export const endLogin = (session: Session): void => {
  session.user = undefined
  session.commands.clear()
  for (const key of session.keys.values()) removeKey(session, key)
}

/** The sessions of one HSM. Handles look like those of CloudHSM's audit logs, and of 16 million one after the other none is
 * used twice. */
export interface SessionTable {
  readonly open: (channel: string) => Session | undefined
  /** Only the channel that opened a session may use it. */
  readonly find: (channel: string, handle: number) => Session | undefined
  readonly remove: (session: Session) => void
  readonly ofChannel: (channel: string) => ReadonlyArray<Session>
  readonly all: () => Iterable<Session>
  readonly isLoggedIn: (username: Username) => boolean
  readonly keyCount: () => Readonly<{ keys: number; asymmetric: number }>
}

const FIRST_HANDLE = 0x4001
const HANDLES = 0x1_00_0000

export const sessionTable = (hsmId: string, bootCounter: number): SessionTable => {
  const sessions = new Map<number, Session>()
  // The upper byte tells HSMs, and one start from the next, apart as far as a byte can.
  const origin = [...hsmId].reduce((sum, character) => sum + character.charCodeAt(0), bootCounter)
  const base = ((origin % 255) + 1) * HANDLES
  let next = FIRST_HANDLE

  /** The lower bytes count in a ring; a session that lives that long keeps its handle. */
  const nextHandle = (): number => {
    const handle = base + next
    next = next + 1 < HANDLES ? next + 1 : FIRST_HANDLE
    return sessions.has(handle) ? nextHandle() : handle
  }

  return {
    open: (channel) => {
      if (sessions.size >= SESSIONS_MAX) return undefined
      const session: Session = {
        handle: nextHandle(),
        channel,
        user: undefined,
        keys: new Map(),
        commands: new Map(),
      }
      sessions.set(session.handle, session)
      return session
    },
    find: (channel, handle) => {
      const session = sessions.get(handle)
      return session?.channel === channel ? session : undefined
    },
    remove: (session) => {
      sessions.delete(session.handle)
      endLogin(session)
    },
    ofChannel: (channel) => [...sessions.values()].filter((session) => session.channel === channel),
    all: () => sessions.values(),
    isLoggedIn: (username) => {
      for (const { user } of sessions.values()) if (user?.username === username) return true
      return false
    },
    keyCount: () => {
      let keys = 0
      let asymmetric = 0
      for (const session of sessions.values()) {
        for (const { fixed } of session.keys.values()) {
          keys += 1
          if (fixed.CKA_CLASS !== 'CKO_SECRET_KEY') asymmetric += 1
        }
      }
      return { keys, asymmetric }
    },
  }
}
