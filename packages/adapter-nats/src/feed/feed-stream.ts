import * as E from 'fp-ts/lib/Either.js'
import {
  DiscardPolicy,
  type JetStreamManager,
  nanos,
  NatsError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from 'nats'
import { delay } from '../connection.ts'
import type { NatsStartFailure } from '../start-failure.ts'

/** JetStream's error codes (`err_code`) that we tell apart. */
export const MESSAGE_NOT_FOUND = 10_037
const STREAM_NAME_IN_USE = 10_058
const NO_SUITABLE_PEERS = 10_005
const STORE_FAILED = 10_077
const NO_ROOM: ReadonlySet<number> = new Set([10_002, 10_023, 10_028, 10_047, 10_122])

export const errorCodeOf = (cause: unknown): number | undefined =>
  cause instanceof NatsError ? cause.api_error?.err_code : undefined

/** No room: the account's or the server's storage is full, or the stream is at its own limit (`discard: new`). */
export const isNoRoom = (cause: unknown): boolean => {
  const error = cause instanceof NatsError ? cause.api_error : undefined
  if (error?.err_code === STORE_FAILED) return /maximum|no space/i.test(error.description)
  return error?.err_code !== undefined && NO_ROOM.has(error.err_code)
}

export type FeedConfig = Readonly<{
  stream: string
  /** What the subjects of all logs begin with. */
  prefix: string
  replicas: 1 | 3
  bytesMax: number | undefined
}>

/** Refuses rather than drops, deletes nothing, and answers reads from the leader only. */
const streamConfig = ({
  stream,
  prefix,
  replicas,
  bytesMax,
}: FeedConfig): Partial<StreamConfig> & { name: string } => ({
  name: stream,
  description: 'Published runs of HSM logs (hsmlab): copies, never the store of record',
  subjects: [`${prefix}.>`],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  max_bytes: bytesMax ?? -1,
  max_msgs: -1,
  max_age: 0,
  num_replicas: replicas,
  duplicate_window: nanos(120_000),
  deny_delete: true,
  deny_purge: true,
  allow_rollup_hdrs: false,
  allow_direct: false,
})

/** What somebody else's stream of our name must not differ in; limits and replicas are the operator's affair. */
const MUST_BE = [
  'storage',
  'retention',
  'discard',
  'deny_delete',
  'deny_purge',
  'allow_rollup_hdrs',
  'allow_direct',
] as const

const shown = (value: unknown): string => JSON.stringify(value ?? false)

const checkConfig = (wanted: FeedConfig, { config: found }: StreamInfo): E.Either<NatsStartFailure, void> => {
  const config = streamConfig(wanted)
  const misfit = MUST_BE.find((setting) => shown(found[setting]) !== shown(config[setting]))
  const setting = misfit ?? (found.subjects.includes(`${wanted.prefix}.>`) ? undefined : 'subjects')
  if (setting === undefined) return E.right(undefined)
  const values = { found: shown(found[setting]), wanted: shown(config[setting]) }
  return E.left({ _tag: 'FeedMisconfigured', stream: wanted.stream, setting, ...values })
}

const addOrFind = async (manager: JetStreamManager, config: FeedConfig): Promise<E.Either<NatsStartFailure, void>> => {
  try {
    return checkConfig(config, await manager.streams.add(streamConfig(config)))
  } catch (cause) {
    if (errorCodeOf(cause) !== STREAM_NAME_IN_USE) throw cause
    return checkConfig(config, await manager.streams.info(config.stream))
  }
}

/** No answer, no leader yet, or too few of the cluster's servers so far. */
const mayPass = (cause: unknown): boolean => {
  const error = cause instanceof NatsError ? cause.api_error : undefined
  return error === undefined || error.code === 503 || error.code === 408 || error.err_code === NO_SUITABLE_PEERS
}

const RETRY_MILLIS = 250

/** Makes the stream, or checks the one that is there. */
export const ensureStream = async (
  manager: JetStreamManager,
  config: FeedConfig,
  attempts: number,
): Promise<E.Either<NatsStartFailure, void>> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await addOrFind(manager, config)
    } catch (cause) {
      if (attempt >= attempts || !mayPass(cause)) return E.left({ _tag: 'FeedNotMade', stream: config.stream, cause })
      await delay(RETRY_MILLIS)
    }
  }
}
