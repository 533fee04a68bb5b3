import * as E from 'fp-ts/lib/Either.js'
import type { Primitives } from '@hsmlab/crypto'
import type { ControlMethods, LocalHandlers, LogName } from '@hsmlab/protocol/local'
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
  engine: Pick<Primitives, 'sha256'>
  facts: InstanceFacts
  racks: ReadonlyArray<RackHandle>
  controller: ControllerHandle
  audit: AuditHandle
  /** Begins to stop the product. */
  stop: () => void
}>

const noSuchLog = (log: LogName) => E.left({ code: 'LogUnknown', message: `There is no log of ${log} here.` })

/** Everything that `hsmlab` asks of the running product, whether its services are rooms or processes. */
export const controlHandlers = (parts: OperatorParts): LocalHandlers<ControlMethods> => {
  const { facts, racks, controller } = parts
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
  }
}
