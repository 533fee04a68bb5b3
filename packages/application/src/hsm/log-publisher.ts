import * as E from 'fp-ts/lib/Either.js'
import type { ClusterId, HsmId } from '@hsmlab/domain'
import type { Base64 } from '@hsmlab/event-sourcing'
import { subject } from '@hsmlab/ports'
import {
  decodeLogRequest,
  encodeLogRun,
  logAnswerStatement,
  logHeadStatement,
  RUN_BYTES_MAX,
  RUN_RECORDS_MAX,
  type LogHead,
  subjects,
} from '@hsmlab/protocol'
import type { CommittedRun, EventStore } from '../event-store/event-store.ts'
import { type Head, hashRecord } from '../event-store/record.ts'
import { auditHeadSigner } from './audit-head.ts'
import type { HsmEnv } from './hsm-env.ts'

/** Runs that wait for the feed. What does not fit is not lost: whoever follows the log notices the gap and asks. */
const WAITING_RUNS_MAX = 256

export type LogPublisherPart = Readonly<{
  clusterId: ClusterId
  hsmId: HsmId
  store: EventStore
  /** Ed25519: signs where the log, and the audit log, have come. */
  identityKey: Base64
  identityPrivateKey: Uint8Array
}>

export interface LogPublisher {
  /** Resolves when the feed has taken all that it was given, or refused it. */
  readonly drained: () => Promise<void>
  readonly close: () => void
}

/**
 * Publishes an HSM's log: every run of records that came onto the disk goes to the feed, in log order, with the signed
 * head it led to; and whoever asks gets what is on the log from a position on. Events hold no secret in the clear, so
 * records travel as they lie.
 */
export const publishLog = (env: HsmEnv, part: LogPublisherPart): LogPublisher => {
  const { bus, engine, logger } = env
  const { hsmId, store } = part
  const primitives = { primitives: engine }
  const stream = subject(subjects.log(part.clusterId, hsmId))
  const waiting: Array<Readonly<{ run: CommittedRun; head: LogHead }>> = []
  let closed = false
  let publishing: Promise<void> | undefined

  /** With the nonce of who asks, where somebody asks. */
  const sign = ({ revision, hash }: Head, nonce?: Uint8Array): LogHead => {
    const statement =
      nonce === undefined ? logHeadStatement(hsmId, revision, hash) : logAnswerStatement(hsmId, nonce, revision, hash)
    return { length: revision, hash, signature: engine.ed25519.sign(part.identityPrivateKey, statement) }
  }

  const publishWaiting = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !closed; next = waiting.shift()) {
      const { from, records } = next.run
      const message = encodeLogRun({ from, records, head: next.head })
      const published = await bus.publish(stream, { from, to: from + records.length - 1, message })()
      if (E.isLeft(published)) logger.log('warn', 'the feed took no log run', { hsmId, why: published.left._tag })
    }
    publishing = undefined
  }

  const fits = ({ records }: CommittedRun): boolean =>
    records.length <= RUN_RECORDS_MAX && records.reduce((size, { length }) => size + length, 0) <= RUN_BYTES_MAX

  const endCommitted = store.onCommitted((run) => {
    if (waiting.length >= WAITING_RUNS_MAX || !fits(run)) return
    waiting.push({ run, head: sign(store.durableHead()) })
    publishing ??= publishWaiting()
  })

  const answer = async (request: Uint8Array): Promise<Uint8Array> => {
    const asked = decodeLogRequest(request)
    if (asked === undefined) throw new Error('malformed')
    const { from, nonce } = asked
    const head = store.durableHead()
    const records: Uint8Array[] = []
    let size = 0
    const read = await store.read(Math.min(from, head.revision), head.revision, (_position, record) => {
      size += record.length
      if (records.length >= RUN_RECORDS_MAX || (size > RUN_BYTES_MAX && records.length > 0)) return false
      records.push(record.slice())
      return true
    })()
    if (E.isLeft(read)) throw new Error(read.left._tag)
    const start = Math.min(from, head.revision)
    const last = records.at(-1)
    // What is signed is where these records lead, so that not one of them has to be believed.
    const led = last === undefined ? head : { revision: start + records.length, hash: hashRecord(primitives, last) }
    return encodeLogRun({ from: start, records, head: sign(led, nonce) })
  }
  const endServing = bus.serve(subject(subjects.logRecords(hsmId)), answer)
  const endAuditHeads = bus.serve(subject(subjects.auditHead(hsmId)), auditHeadSigner(engine, part))

  return {
    drained: async () => publishing,
    close: () => {
      closed = true
      endCommitted()
      endServing()
      endAuditHeads()
    },
  }
}
