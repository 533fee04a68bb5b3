import type { ClusterClient } from '@hsmlab/client'
import { type Answer, refuse, type Reply } from '../answer.ts'
import type { ClusterFacts } from '../session/cluster-facts.ts'
import type { HandleSource } from '../session/handle-source.ts'
import { createObjectTable } from '../session/object-table.ts'
import type { Session, Token } from '../session/session.ts'
import type { CryptokiDependencies, CryptokiSettings } from '../settings.ts'

/** What all connections share. */
export type Shared = CryptokiDependencies & Readonly<{ facts: ClusterFacts; nextHandle: HandleSource }>

/** One program's library. */
export type Connection = {
  readonly shared: Shared
  readonly clients: ReadonlyArray<ClusterClient>
  readonly settings: CryptokiSettings
  initialized: boolean
  readonly tokens: Map<number, Token>
  readonly sessions: Map<number, Session>
}

/** Slots are numbered from 1 in the order of the configuration, whichever of them are usable. */
export const slotClient = ({ clients }: Connection, slotId: number): ClusterClient | undefined => {
  const client = clients[slotId - 1]
  return client?.clusterId() === undefined ? undefined : client
}

/** The program's application on a cluster, opened when it is first needed. */
export const openToken = (connection: Connection, slotId: number, client: ClusterClient): Token => {
  const known = connection.tokens.get(slotId)
  if (known !== undefined) return known
  const { keyAvailabilityCheck } = connection.settings
  const token: Token = {
    slotId,
    client,
    application: client.openApplication('pkcs11', { keyAvailabilityCheck }),
    objects: createObjectTable(connection.shared.nextHandle),
    sessions: new Map(),
    loginTurn: Promise.resolve(),
  }
  connection.tokens.set(slotId, token)
  return token
}

/** Runs on a slot that is there. */
export const onSlot = <A>(
  connection: Connection,
  slotId: number,
  run: (client: ClusterClient) => Reply<A>,
): Reply<A> => {
  if (!connection.initialized) return refuse('CKR_CRYPTOKI_NOT_INITIALIZED')
  const client = slotClient(connection, slotId)
  return client === undefined ? refuse('CKR_SLOT_ID_INVALID') : run(client)
}

/** The session's next call may run. Those that answer at once leave the turn to the one behind them. */
const release = (session: Session): void => {
  session.running = false
  while (!session.running) {
    const next = session.waiting.shift()
    if (next === undefined) return
    next()
  }
}

type Settle<A> = Readonly<{ resolve: (answer: Answer<A>) => void; reject: (cause: unknown) => void }>

/** Keeps the turn until `reply` settles. Its caller hears of it first: answers leave in the order of their calls. */
const follow = <A>(session: Session, reply: Promise<Answer<A>>, { resolve, reject }: Settle<A>): void => {
  session.running = true
  reply.then(
    (answer) => {
      resolve(answer)
      return release(session)
    },
    (cause: unknown) => {
      reject(cause)
      return release(session)
    },
  )
}

/** Runs in a session, after all calls that came to it before. */
export const inSession = <A>(connection: Connection, handle: number, run: (session: Session) => Reply<A>): Reply<A> => {
  if (!connection.initialized) return refuse('CKR_CRYPTOKI_NOT_INITIALIZED')
  const session = connection.sessions.get(handle)
  if (session === undefined) return refuse('CKR_SESSION_HANDLE_INVALID')
  if (session.running) {
    return new Promise((resolve, reject) => {
      session.waiting.push(() => {
        const reply = connection.sessions.has(handle) ? run(session) : refuse('CKR_SESSION_HANDLE_INVALID')
        if (reply instanceof Promise) follow(session, reply, { resolve, reject })
        else resolve(reply)
      })
    })
  }
  const reply = run(session)
  if (!(reply instanceof Promise)) return reply
  return new Promise((resolve, reject) => follow(session, reply, { resolve, reject }))
}
