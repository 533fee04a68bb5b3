import * as E from 'fp-ts/lib/Either.js'
import type { ChainedAuditRecord } from '@hsmlab/domain'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { HasBus, HasClock, HasCryptoEngine, HasLogger, HasRandom } from '@hsmlab/ports'
import { mayPass, type OpenFailure, type ReadFailure } from '../event-store/failure.ts'
import { openEventStore } from '../event-store/open-event-store.ts'
import type { HasDisk } from '../event-store/parts.ts'
import { AUDIT_LOG_IDENTITY, type AuditSink, startAuditSink } from './audit-sink.ts'

export type AuditSinkOpenFailure =
  Tagged<'AuditLogFailed', { cause: OpenFailure }> | Tagged<'AuditLogUnreadable', { cause: ReadFailure }>

export type AuditSinkOptions = Readonly<{
  /** 32 bytes, for the sink's log only. */
  logMacKey: Uint8Array
  /** Ed25519, raw: who signs memberships. */
  controllerKey: Uint8Array
  /** True once, when the product instance is made. */
  create: boolean
  /** How often the sink looks for new HSMs, gaps and signed heads, in milliseconds. */
  periodMillis: number
}>

type Env = HasBus & HasClock & HasCryptoEngine & HasDisk & HasLogger & HasRandom
type Listener = (records: ReadonlyArray<ChainedAuditRecord>) => void

/** Between two attempts to open a log that could not be written: the first, and the longest they grow to. */
const RETRY_MILLIS = 1000
const RETRY_MILLIS_MAX = 30_000

const start = async (env: Env, options: AuditSinkOptions, create: boolean, onStopped: () => void) => {
  const { logMacKey: macKey, controllerKey, periodMillis } = options
  const log = { disk: env.disk, primitives: env.engine }
  const store = await openEventStore(log, { create, macKey, identity: AUDIT_LOG_IDENTITY })()
  if (E.isLeft(store)) return E.left<AuditSinkOpenFailure>({ _tag: 'AuditLogFailed', cause: store.left })
  const sink = await startAuditSink(env, { store: store.right, controllerKey, periodMillis })
  if (E.isRight(sink)) {
    store.right.onStopped(onStopped)
    return sink
  }
  await store.right.close()()
  return E.left<AuditSinkOpenFailure>({ _tag: 'AuditLogUnreadable', cause: sink.left })
}

/**
 * The audit sink on its log. The first write that fails stops a log; the sink is then started anew on what its disk
 * holds, again and again while that may pass: a disk that was full costs no record, for the HSMs have them all.
 */
export const openAuditSink = async (
  env: Env,
  options: AuditSinkOptions,
): Promise<E.Either<AuditSinkOpenFailure, AuditSink>> => {
  const { clock, logger } = env
  const listeners = new Set<Listener>()
  let isClosed = false
  let cancel = (): void => undefined
  let reopening: Promise<void> = Promise.resolve()
  let stopped = (): void => undefined

  const first = await start(env, options, options.create, () => stopped())
  if (E.isLeft(first)) return first
  let sink = first.right

  const adopt = (opened: AuditSink): void => {
    sink = opened
    sink.onRecords((records) => {
      for (const listener of listeners) listener(records)
    })
  }

  const retry = (attempt: number): void => {
    const pause = Math.min(RETRY_MILLIS * 2 ** attempt, RETRY_MILLIS_MAX)
    cancel = clock.after(pause, () => {
      reopening = reopen(attempt + 1)
    })
  }

  const reopen = async (attempt: number): Promise<void> => {
    if (isClosed) return
    const opened = await start(env, options, false, () => stopped())
    if (E.isRight(opened)) adopt(opened.right)
    else if (mayPass(opened.left.cause)) retry(Math.min(attempt, 30))
    else logger.log('error', "the audit sink's log is damaged and stays stopped", { why: opened.left.cause._tag })
  }

  stopped = () => {
    logger.log('error', "the audit sink's log could not be written and is opened anew")
    reopening = sink.close().then(() => retry(0))
  }
  adopt(sink)

  return E.right({
    get state() {
      return sink.state
    },
    read: (hsmId, from, visit) => sink.read(hsmId, from, visit),
    onRecords: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    signedHeads: () => sink.signedHeads(),
    dropped: () => sink.dropped(),
    close: async () => {
      isClosed = true
      cancel()
      await reopening
      await sink.close()
    },
  })
}
