import { createHash, randomUUID } from 'node:crypto'
import type { FeedEntry, Logger, Unsubscribe } from '@hsmlab/ports'
import {
  AckPolicy,
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  nanos,
} from 'nats'
import { type Connection, delay } from '../connection.ts'
import { ownBytes } from '../own-bytes.ts'
import { sequenceOf } from './find-run.ts'
import { readRun, type Run } from './run-header.ts'

const MESSAGES_AT_ONCE = 100
const PULL_MILLIS = 30_000
const HEARTBEAT_MILLIS = 3000
const RETRY_MILLIS = 250
const UNTIL_UP_MILLIS = 5000

export type Following = Readonly<{
  connection: Connection
  client: JetStreamClient
  manager: JetStreamManager
  stream: string
  logger: Logger
}>

const RECENT_RUNS_MAX = 1000

/**
 * Tells a run that came before. Its content counts too: whoever may publish could otherwise claim positions and so keep
 * the true run from its followers. It is kept among the last ones only; older ones come again, at least once.
 */
const recentRuns = (): ((run: Run, message: Uint8Array) => boolean) => {
  const recent = new Set<string>()
  return ({ from, to }, message) => {
    const key = `${from}-${to}:${createHash('sha256').update(message).digest('base64')}`
    if (recent.has(key)) return true
    recent.add(key)
    const [oldest] = recent
    if (recent.size > RECENT_RUNS_MAX && oldest !== undefined) recent.delete(oldest)
    return false
  }
}

type Receive = (entry: FeedEntry) => Promise<void>

/**
 * Follows one subject with a consumer of its own on the server, which is made anew, from the last sequence seen, after
 * whatever goes wrong: a lost connection, a message missed, a stream that is gone or is another one.
 */
export const followRuns = (following: Following, subject: string, from: number, receive: Receive): Unsubscribe => {
  const { connection, client, manager, stream, logger } = following
  const stopping = new AbortController()
  const hadBefore = recentRuns()
  let messages: ConsumerMessages | undefined

  /** Sequence of the last message seen in the stream that was made at `made`; undefined before the first. */
  let cursor: { made: string; sequence: number } | undefined
  /** The search for the first position may have pointed too far; then all is read once. */
  let searched = false

  const startSequence = async (): Promise<number> => {
    const { created: made, state } = await manager.streams.info(stream)
    if (cursor?.made === made && cursor.sequence <= state.last_seq) return cursor.sequence + 1
    const isFirst = cursor === undefined
    const first = isFirst && from > 0 ? await sequenceOf(manager, stream, subject, from) : 1
    searched = first > 1
    cursor = { made, sequence: first - 1 }
    return first
  }

  const makeConsumer = async (): Promise<string> => {
    const start = await startSequence()
    const { name } = await manager.consumers.add(stream, {
      name: `follow-${randomUUID()}`,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: start,
      filter_subject: subject,
      ack_policy: AckPolicy.None,
      inactive_threshold: nanos(4 * PULL_MILLIS),
      mem_storage: true,
      num_replicas: 1,
    })
    return name
  }

  const take = async ({ seq, headers, data }: JsMsg): Promise<void> => {
    if (cursor !== undefined) cursor = { ...cursor, sequence: seq }
    const run = readRun(headers)
    if (run === undefined) return logger.log('warn', 'a message on the feed carries no run', { subject, sequence: seq })
    if (run.to < from || hadBefore(run, data)) return
    try {
      await receive({ ...run, message: ownBytes(data) })
    } catch {
      // The follower's own fault: it finds what it missed by its positions.
    }
  }

  /** Whether the first run found by searching leaves out positions that stand further up. */
  const isTooFar = (message: JsMsg): boolean => {
    const run = readRun(message.headers)
    const missed = searched && run !== undefined && run.from > from
    searched = false
    return missed
  }

  /** Hands on what one pull brings, and counts; undefined when the consumer is of no more use. */
  const pull = async (consumer: Consumer, delivered: number): Promise<number | undefined> => {
    let count = delivered
    messages = await consumer.fetch({
      max_messages: MESSAGES_AT_ONCE,
      expires: PULL_MILLIS,
      idle_heartbeat: HEARTBEAT_MILLIS,
    })
    if (stopping.signal.aborted || !connection.isUp()) messages.stop()
    for await (const message of messages) {
      if (stopping.signal.aborted) return undefined
      count += 1
      if (message.info.deliverySequence !== count) return undefined
      if (isTooFar(message)) {
        if (cursor !== undefined) cursor = { ...cursor, sequence: 0 }
        return undefined
      }
      await take(message)
    }
    return connection.isUp() ? count : undefined
  }

  const followOnce = async (): Promise<void> => {
    const name = await makeConsumer()
    try {
      const consumer = await client.consumers.get(stream, name)
      let delivered: number | undefined = 0
      while (!stopping.signal.aborted && delivered !== undefined) delivered = await pull(consumer, delivered)
    } finally {
      messages?.stop()
      if (connection.isUp()) await manager.consumers.delete(stream, name).catch(() => false)
    }
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted && !connection.nats.isClosed()) {
      if (!(await connection.untilUp(UNTIL_UP_MILLIS))) continue
      try {
        await followOnce()
      } catch (cause) {
        logger.log('debug', 'following the feed starts again', {
          subject,
          error: cause instanceof Error ? cause.message : String(cause),
        })
        if (!stopping.signal.aborted) await delay(RETRY_MILLIS)
      }
    }
  }

  const stopWatching = connection.onLost(() => messages?.stop())
  void run().finally(stopWatching)
  return () => {
    stopping.abort()
    messages?.stop()
  }
}
