import { createHash } from 'node:crypto'
import { type FeedEntry, type FeedFailure, MESSAGE_BYTES_MAX } from '@hsmlab/ports'
import * as E from 'fp-ts/lib/Either.js'
import { ErrorCode, type JetStreamClient, type JetStreamManager, NatsError } from 'nats'
import { type Connection, delay } from '../connection.ts'
import { ownBytes } from '../own-bytes.ts'
import type { NatsStartFailure } from '../start-failure.ts'
import { errorCodeOf, isNoRoom } from './feed-stream.ts'
import { messageAt } from './find-run.ts'
import { readRun, runHeader } from './run-header.ts'

const ATTEMPTS_MAX = 5
const ACKNOWLEDGED_WITHIN_MILLIS = 5000
const RETRY_MILLIS = 250
const RECONNECTED_WITHIN_MILLIS = 10_000
/** Runs of one log that may wait for those before them. */
const WAITING_MAX = 1000

export type Publishing = Readonly<{
  connection: Connection
  client: JetStreamClient
  manager: JetStreamManager
  stream: string
  /** Makes the stream again where it has been removed, and proves a server that is new to us. */
  ready: () => Promise<E.Either<NatsStartFailure, void>>
  /** Says that the stream may be gone. */
  doubt: () => void
}>

type Kept = E.Either<FeedFailure, void>
export type RunPublisher = (entry: FeedEntry) => Promise<Kept>

const kept: Kept = E.right(undefined)
const unavailable = (cause: unknown): Kept => E.left({ _tag: 'FeedUnavailable', cause })

/** What a server that has come back does not get over by itself. */
const LASTING: ReadonlySet<NatsStartFailure['_tag']> = new Set([
  'JetStreamNotSynced',
  'NatsTooOld',
  'FeedMisconfigured',
])

/** Two messages of one run and content are one; the server forgets ids after two minutes, followers never. */
const messageId = (subject: string, { from, to, message }: FeedEntry): string =>
  `${subject}:${from}-${to}:${createHash('sha256').update(message).digest('base64url').slice(0, 22)}`

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

const NO_ANSWER: ReadonlySet<string> = new Set([ErrorCode.Timeout, ErrorCode.JetStreamInvalidAck])
const CONNECTION_LOST = 'the connection to NATS broke'

/** No answer is not a "no": the run may be in the stream. */
const isAmbiguous = (cause: unknown): boolean =>
  cause === CONNECTION_LOST || (cause instanceof NatsError && NO_ANSWER.has(cause.code))

/** Publishes runs of the log that stands on `subject`, one after the other, each until its fate is known. */
export const runPublisher = (publishing: Publishing, subject: string): RunPublisher => {
  const { connection, client, manager, stream } = publishing
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()

  const once = (entry: FeedEntry): Promise<void> =>
    new Promise((resolve, reject) => {
      const stopWatching = connection.onLost(() => reject(CONNECTION_LOST))
      client
        .publish(subject, entry.message, {
          msgID: messageId(subject, entry),
          headers: runHeader(entry),
          timeout: ACKNOWLEDGED_WITHIN_MILLIS,
          expect: { streamName: stream },
        })
        .then(() => resolve(), reject)
        .finally(stopWatching)
    })

  const isInStream = async (entry: FeedEntry): Promise<boolean> => {
    const found = await messageAt(manager, stream, subject, entry.to)
    const run = found === undefined ? undefined : readRun(found.header)
    return found !== undefined && run?.from === entry.from && run.to === entry.to && isSame(found.data, entry.message)
  }

  const keep = async (entry: FeedEntry): Promise<Kept> => {
    let failure: Kept = unavailable('NATS is not connected')
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      if (!connection.isUp()) return failure
      const ready = await publishing.ready()
      if (E.isLeft(ready)) {
        failure = unavailable(ready.left)
        if (LASTING.has(ready.left._tag)) return failure
        await delay(RETRY_MILLIS * attempt)
        continue
      }
      try {
        await once(entry)
        return kept
      } catch (cause) {
        if (isNoRoom(cause)) return E.left({ _tag: 'FeedFull', cause })
        failure = unavailable(cause)
        if (errorCodeOf(cause) !== undefined) return failure
        publishing.doubt()
        await (isAmbiguous(cause) ? connection.untilUp(RECONNECTED_WITHIN_MILLIS) : delay(RETRY_MILLIS * attempt))
        if (await isInStream(entry).catch(() => false)) return kept
      }
    }
    return failure
  }

  return async (given: FeedEntry): Promise<Kept> => {
    if (given.message.length > MESSAGE_BYTES_MAX)
      return unavailable(`an entry holds at most ${MESSAGE_BYTES_MAX} bytes`)
    if (waiting >= WAITING_MAX) return E.left({ _tag: 'FeedFull', cause: `${WAITING_MAX} runs wait already` })
    const entry = { ...given, message: ownBytes(given.message) }
    waiting += 1
    const result = last.then(() => keep(entry))
    const settled = (): void => {
      waiting -= 1
    }
    last = result.then(settled, settled)
    return result
  }
}
