import * as E from 'fp-ts/lib/Either.js'
import { decodeClusterFact, decodeHsmFact } from '@hsmlab/domain'
import { type Clock, sleep } from '@hsmlab/ports'
import type { Primitives } from '@hsmlab/crypto'
import type { ControlMethods, EventSink, LocalHandlers, LogName } from '@hsmlab/protocol/local'
import { payloadOf } from '../event-store/record.ts'
import { auditHandlers } from './audit-handlers.ts'
import { startChaos } from './chaos.ts'
import { logHandlers } from './log-handlers.ts'
import type { Answer, AuditHandle, ControllerHandle, LogOwner, RackHandle } from './parts.ts'
import { clustersStatus } from './status.ts'

export type InstanceFacts = Readonly<{
  version: string
  pid: number
  dataDirectory: string
  startedAtMicros: number
  /** Shell variables in the order in which they are printed. */
  variables: ReadonlyArray<Readonly<{ name: string; value: string }>>
}>

export type OperatorParts = Readonly<{
  clock: Clock
  engine: Pick<Primitives, 'sha256'>
  facts: InstanceFacts
  racks: ReadonlyArray<RackHandle>
  controller: ControllerHandle
  audit: AuditHandle
  /** Begins to stop the product. */
  stop: () => void
}>

/** How often `events` looks for new records. */
const EVENTS_PERIOD_MILLIS = 200

const noSuchLog = (log: LogName) => E.left({ code: 'LogUnknown', message: `There is no log of ${log} here.` })

const parse = (payload: Uint8Array, log: LogName) => {
  const fact = log === 'controller' ? decodeClusterFact(payload) : decodeHsmFact(payload)
  if (E.isLeft(fact)) return undefined
  const { type, ...data } = fact.right.event
  return { atMicros: fact.right.at, type, data: data as Record<string, unknown> }
}

/** Everything that `hsmlab` asks of the running product, whether its services are rooms or processes. */
export const controlHandlers = (parts: OperatorParts): LocalHandlers<ControlMethods> => {
  const { clock, facts, racks, controller } = parts
  const chaos = startChaos(racks, controller)
  const owners: ReadonlyArray<LogOwner> = [controller, ...racks]

  const logs = async () => (await Promise.all(owners.map((owner) => owner.logs()))).flat()

  const ownerOf = async (log: LogName): Promise<LogOwner | undefined> => {
    for (const owner of owners) if ((await owner.logs()).some((each) => each.log === log)) return owner
    return undefined
  }

  const withOwner = async <A>(log: LogName, use: (owner: LogOwner) => Answer<A>): Answer<A> => {
    const owner = await ownerOf(log)
    return owner === undefined ? noSuchLog(log) : use(owner)
  }

  const everyLog: LogOwner = {
    logs,
    readLog: (log, from, to, visit) => withOwner(log, (owner) => owner.readLog(log, from, to, visit)),
    liveState: (log) => withOwner(log, (owner) => owner.liveState(log)),
  }

  type PublishedEvents = EventSink<
    Readonly<{ log: LogName; position: number; atMicros: number; type: string; data: Record<string, unknown> }>
  >

  /** Emits what came since `seen`; false when nobody listens any more. */
  const emitNews = async (seen: Map<LogName, number>, only: LogName | undefined, { emit }: PublishedEvents) => {
    for (const { log, length } of await logs()) {
      if (only !== undefined && log !== only) continue
      const from = seen.get(log) ?? length
      seen.set(log, length)
      if (from >= length) continue
      let listening = true
      await withOwner(log, (owner) =>
        owner.readLog(log, from, length, async (first, records) => {
          for (const [i, record] of records.entries()) {
            const event = parse(payloadOf(record), log)
            if (event !== undefined) listening = await emit({ log, position: first + i, ...event })
          }
          return listening
        }),
      )
      if (!listening) return false
    }
    return true
  }

  return {
    status: async () => {
      const { version, pid, dataDirectory, startedAtMicros } = facts
      const status = await clustersStatus(controller, racks, chaos.killed())
      return E.right({ version, pid, dataDirectory, startedAtMicros, ...status })
    },
    env: async () => E.right({ variables: facts.variables }),
    down: async () => {
      parts.stop()
      return E.right({ pid: facts.pid })
    },
    chaosList: async () => {
      const { zones, hsms } = chaos.killed()
      return E.right({ killedZones: [...zones], killedHsms: [...hsms] })
    },
    chaosKillHsm: ({ hsmId }) => chaos.killHsm(hsmId),
    chaosKillAz: ({ availabilityZone }) => chaos.killZone(availabilityZone),
    chaosHeal: (what) => chaos.heal(what),
    ...logHandlers(everyLog, parts.engine),
    ...auditHandlers(parts.audit),
    events: async ({ log }, sink) => {
      let gone = false
      sink.onGone(() => {
        gone = true
      })
      const seen = new Map<LogName, number>()
      while (!gone && (await emitNews(seen, log, sink))) await sleep(clock, EVENTS_PERIOD_MILLIS)
      return E.right({})
    },
  }
}
