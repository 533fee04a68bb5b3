import type { OpenKey } from '@hsmlab/crypto'
import type {
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
  /** What generated session keys, so that a retry does not make another one. */
  readonly commands: Map<string, CommandOutcome>
}

/** The sessions of one HSM. Handles look like those of CloudHSM's audit logs and are not used twice. */
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

export const sessionTable = (hsmId: string, bootCounter: number): SessionTable => {
  const sessions = new Map<number, Session>()
  // The upper byte tells HSMs, and one start from the next, apart as far as a byte can.
  const origin = [...hsmId].reduce((sum, character) => sum + character.charCodeAt(0), bootCounter)
  const base = ((origin % 255) + 1) * 0x1_00_0000
  let next = FIRST_HANDLE

  return {
    open: (channel) => {
      if (sessions.size >= SESSIONS_MAX) return undefined
      const session: Session = {
        handle: base + next++,
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
      for (const key of session.keys.values()) key.open.close()
      session.keys.clear()
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
