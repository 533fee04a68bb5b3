import * as E from 'fp-ts/lib/Either.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { decodeClusterFact, decodeHsmFact } from '@hsmlab/domain'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { type Clock, sleep } from '@hsmlab/ports'
import type { Primitives } from '@hsmlab/crypto'
import {
  type ControlMethods,
  type EventSink,
  type LocalHandlers,
  type LogName,
  STATE_EVENT_BYTES_MAX,
} from '@hsmlab/protocol/local'
import { payloadOf } from '../event-store/record.ts'
import { startChaos } from './chaos.ts'
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

/** Audit records in one event: a line of the control door holds more. */
const AUDIT_EVENT_RECORDS_MAX = 500
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
  const { clock, facts, racks, controller, audit } = parts
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
    logs: async () => E.right({ logs: await logs() }),
    streamLog: ({ log, from, to }, { emit }) =>
      withOwner(log, async (owner) => {
        const length = await owner.readLog(log, from, to, (first, records) =>
          emit({ from: first, records: records.map(toBase64) }),
        )
        return E.isLeft(length) ? length : E.right({ length: length.right })
      }),
    liveState: ({ log }, { emit }) =>
      withOwner(log, async (owner) => {
        const live = await owner.liveState(log)
        if (E.isLeft(live)) return live
        const bytes = utf8Bytes(live.right.state)
        for (let at = 0; at < bytes.length; at += STATE_EVENT_BYTES_MAX) {
          if (!(await emit({ bytes: toBase64(bytes.subarray(at, at + STATE_EVENT_BYTES_MAX)) }))) break
        }
        return E.right({ length: live.right.length, digest: bytesToHex(parts.engine.sha256(bytes)) })
      }),
    audit: async ({ follow, hsmId, from = 0 }, { emit, onGone }) => {
      const emitAll: Parameters<AuditHandle['read']>[2] = async (records) => {
        for (let at = 0; at < records.length; at += AUDIT_EVENT_RECORDS_MAX) {
          if (!(await emit({ records: records.slice(at, at + AUDIT_EVENT_RECORDS_MAX) }))) return false
        }
        return true
      }
      let busy: Promise<unknown> = Promise.resolve()
      let gone = !follow
      const end = audit.onRecords((records) => {
        const wanted = records.filter(
          ({ record }) => (hsmId === undefined || record.hsmId === hsmId) && record.sequence >= from,
        )
        if (follow && wanted.length > 0) busy = busy.then(() => emitAll(wanted))
      })
      busy = audit.read(hsmId, from, emitAll)
      await new Promise<void>((resolve) => {
        if (gone) return resolve()
        onGone(() => {
          gone = true
          resolve()
        })
      })
      const read = await busy
      end()
      void read
      return E.right({})
    },
    auditHeads: async () => E.right({ heads: await audit.signedHeads() }),
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
