import * as E from 'fp-ts/lib/Either.js'
import type { NatsStartFailure } from './start-failure.ts'
import { isRecentEnough } from './server-version.ts'

const MONITOR_WITHIN_MILLIS = 2000

/** What `/varz` of a server says of it. */
type ServerFacts = Readonly<{ id: string; version: string; syncAlways: boolean }>

const member = (value: unknown, ...path: ReadonlyArray<string>): unknown => {
  let at: unknown = value
  for (const key of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined
  return at
}

const factsOf = (varz: unknown): ServerFacts => ({
  id: String(member(varz, 'server_id')),
  version: String(member(varz, 'version')),
  syncAlways: member(varz, 'jetstream', 'config', 'sync_always') === true,
})

const readFacts = async (monitor: string): Promise<E.Either<unknown, ServerFacts>> => {
  try {
    const response = await fetch(new URL('/varz', monitor), { signal: AbortSignal.timeout(MONITOR_WITHIN_MILLIS) })
    if (!response.ok) return E.left(`${monitor} answers with status ${response.status}`)
    return E.right(factsOf(await response.json()))
  } catch (cause) {
    return E.left(cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause)
  }
}

/** Port 8222 of each server: where nats-server's documentation puts its monitoring. */
export const defaultMonitors = (servers: ReadonlyArray<string>): ReadonlyArray<string> =>
  servers.map((server) => {
    const { hostname } = new URL(/^\w+:\/\//.test(server) ? server : `nats://${server}`)
    return `http://${hostname}:8222`
  })

/** A server that we are connected to, as it introduced itself. */
export type Server = Readonly<{ id: string; address: string }>

/**
 * Proves that `server` has a message on its disk before it acknowledges it. JetStream's default is to sync every two
 * minutes, which loses acknowledged messages when the power goes. A client cannot ask for the setting; the monitoring
 * page shows it. Every page that answers must show it, for the stream's other replicas may be there.
 */
export const proveDurability = async (
  server: Server,
  monitors: ReadonlyArray<string>,
): Promise<E.Either<NatsStartFailure, void>> => {
  let proven = false
  let cause: unknown = 'none of them shows this server'
  for (const monitor of monitors) {
    const facts = await readFacts(monitor)
    if (E.isLeft(facts)) {
      cause = facts.left
      continue
    }
    const { id, version, syncAlways } = facts.right
    if (!isRecentEnough(version)) return E.left({ _tag: 'NatsTooOld', server: monitor, version })
    if (!syncAlways) return E.left({ _tag: 'JetStreamNotSynced', server: server.address, monitor })
    proven ||= id === server.id
  }
  return proven ? E.right(undefined) : E.left({ _tag: 'JetStreamUnproven', server: server.address, monitors, cause })
}
