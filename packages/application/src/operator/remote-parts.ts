import * as E from 'fp-ts/lib/Either.js'
import type { AvailabilityZone, ChainedAuditRecord } from '@hsmlab/domain'
import { fromBase64, utf8Text } from '@hsmlab/event-sourcing'
import type {
  AuditMethods,
  ControllerMethods,
  LocalClient,
  LogMethods,
  RackMethods,
  SignedAuditHead,
} from '@hsmlab/protocol/local'
import type { AuditHandle, ControllerHandle, LogOwner, RackHandle } from './parts.ts'

/** The table of a service that owns logs holds the methods of one, which the compiler cannot see through the generics. */
const logClient = (client: LocalClient<RackMethods> | LocalClient<ControllerMethods>): LocalClient<LogMethods> =>
  client as unknown as LocalClient<LogMethods>

/** The logs of another process. Its answers come in runs that fit a line. */
const remoteLogs = ({ call }: LocalClient<LogMethods>): LogOwner => ({
  logs: async () => {
    const answer = await call('logs', {})
    return E.isLeft(answer) ? [] : answer.right.logs
  },
  readLog: async (log, from, to, visit) => {
    let visiting: Promise<boolean> = Promise.resolve(true)
    const answer = await call('streamLog', { log, from, to }, ({ from: first, records }) => {
      visiting = visiting.then((wanted) => wanted && visit(first, records.map(fromBase64)))
    })
    await visiting
    return E.isLeft(answer) ? answer : E.right(answer.right.length)
  },
  liveState: async (log) => {
    const chunks: Uint8Array[] = []
    const answer = await call('liveState', { log }, ({ bytes }) => void chunks.push(fromBase64(bytes)))
    if (E.isLeft(answer)) return answer
    const whole = new Uint8Array(chunks.reduce((size, { length }) => size + length, 0))
    let at = 0
    for (const chunk of chunks) {
      whole.set(chunk, at)
      at += chunk.length
    }
    return E.right({ length: answer.right.length, state: utf8Text(whole) ?? '' })
  },
})

/** How the process behind a rack is taken away and given back. */
export type RackPower = Readonly<{ crash: () => Promise<void>; restart: () => Promise<void> }>

/** An hsm-node in a process of its own. */
export const remoteRack = (
  availabilityZone: AvailabilityZone,
  client: LocalClient<RackMethods>,
  power: RackPower,
): RackHandle => ({
  ...remoteLogs(logClient(client)),
  ...power,
  availabilityZone,
  describe: async () => {
    const answer = await client.call('describe', {})
    return E.isLeft(answer) ? [] : answer.right.hsms
  },
  keyHandles: async (hsmId) => {
    const answer = await client.call('keyHandles', { hsmId })
    return E.isLeft(answer) ? [] : answer.right.handles
  },
  crashHsm: async (hsmId) => {
    const answer = await client.call('crashHsm', { hsmId })
    return E.isRight(answer) && answer.right.known
  },
  restartHsm: async (hsmId) => {
    const answer = await client.call('restartHsm', { hsmId })
    return E.isRight(answer) && answer.right.known
  },
})

/** The controller in a process of its own. */
export const remoteController = (client: LocalClient<ControllerMethods>): ControllerHandle => ({
  ...remoteLogs(logClient(client)),
  clusters: async () => {
    const answer = await client.call('clusters', {})
    return E.isLeft(answer) ? { position: 0, clusters: [] } : answer.right
  },
})

/** The audit sink in a process of its own. `follow` is a connection that carries nothing else. */
export const remoteAudit = (
  client: LocalClient<AuditMethods>,
  follow: () => Promise<LocalClient<AuditMethods> | undefined>,
): AuditHandle => ({
  read: async (hsmId, from, visit) => {
    let visiting: Promise<boolean> = Promise.resolve(true)
    const range = hsmId === undefined ? { from } : { from, hsmId }
    const answer = await client.call('audit', { follow: false, ...range }, ({ records }) => {
      visiting = visiting.then((wanted) => wanted && visit(records))
    })
    await visiting
    return E.isLeft(answer) ? answer : E.right(undefined)
  },
  onRecords: (listener: (records: ReadonlyArray<ChainedAuditRecord>) => void) => {
    let ended = false
    let following: LocalClient<AuditMethods> | undefined
    const start = async (): Promise<void> => {
      following = await follow()
      if (ended) return following?.close()
      await following?.call('audit', { follow: true }, ({ records }) => {
        if (!ended) listener(records)
      })
    }
    void start()
    return () => {
      ended = true
      following?.close()
    }
  },
  signedHeads: async (): Promise<ReadonlyArray<SignedAuditHead>> => {
    const answer = await client.call('auditHeads', {})
    return E.isLeft(answer) ? [] : answer.right.heads
  },
})
