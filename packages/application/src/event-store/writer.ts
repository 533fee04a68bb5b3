import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { invariant, type Tagged } from '@hsmlab/event-sourcing'
import type { KeyValueStore, Nvram, StoreFailure, StoreOperation, Unsubscribe } from '@hsmlab/ports'
import type { Appended, CommittedRun } from './event-store.ts'
import type { AppendRefusal, StoreStopped } from './failure.ts'
import { HEAD_KEY, recordKey } from './layout.ts'
import { listenersOf } from './listeners.ts'
import { sealMark } from './mark.ts'
import { encodeRecord, type Head, type LogRecord, PAYLOAD_BYTES_MAX } from './record.ts'
import { DOMAIN, type HasSha256, type Mac, type Seal } from './seal.ts'

/** One batch takes no more commands once it holds this much. */
const BATCH_BYTES_MAX = 4 << 20
/** What may wait for the disk. */
export const PENDING_BYTES_MAX = 64 << 20

type Command = Readonly<{ _tag: 'command'; records: ReadonlyArray<LogRecord>; head: Head; bytes: number }>
/** Writes that add no record: snapshots. */
type Upkeep = Readonly<{
  _tag: 'upkeep'
  operations: ReadonlyArray<StoreOperation>
  settle: (result: E.Either<StoreStopped, void>) => void
}>
type Waiter = Readonly<{ revision: number; settle: (result: E.Either<StoreStopped, void>) => void }>
type Stop = Readonly<{ reason: StoreFailure | Tagged<'StoreClosed'>; unknownUpTo: number }>

export type WriterParts = HasSha256 &
  Readonly<{
    store: KeyValueStore
    nvram: Nvram
    mac: Mac
    seal: Seal
    identity: string
    bootCounter: number
    head: Head
  }>

export interface Writer {
  readonly speculativeHead: () => Head
  readonly durableHead: () => Head
  readonly append: (expected: number, payloads: ReadonlyArray<Uint8Array>) => E.Either<AppendRefusal, Appended>
  readonly whenDurable: (revision: number) => TaskEither<StoreStopped, void>
  readonly write: (operations: ReadonlyArray<StoreOperation>) => TaskEither<StoreStopped, void>
  /** Why nothing is taken any more, as what has not been written sees it. */
  readonly stopped: () => StoreStopped | undefined
  readonly onCommitted: (listener: (run: CommittedRun) => void) => Unsubscribe
  readonly onStopped: (listener: (reason: StoreFailure) => void) => Unsubscribe
  /** Takes nothing more, and answers when all that was taken is on the disk or refused. */
  readonly drain: () => Promise<void>
}

/**
 * The one writer of a log. At most one batch is under way; what is appended meanwhile shares the next. Each batch
 * brings the head in the store along, then the head file follows, then the appenders are answered. The first write that
 * fails is the last: LevelDB would acknowledge later ones and forget them.
 */
export const startWriter = (parts: WriterParts): Writer => {
  const { store, nvram, mac, seal, identity, bootCounter } = parts
  const committed = listenersOf<CommittedRun>()
  const stops = listenersOf<StoreFailure>()
  const queue: Array<Command | Upkeep> = []
  let waiters: Array<Waiter> = []
  let speculative = parts.head
  let durable = parts.head
  let pendingBytes = 0
  let underWay = parts.head.revision
  let stop: Stop | undefined
  let pump: Promise<void> | undefined

  const refusalAt = ({ reason, unknownUpTo }: Stop, revision: number): StoreStopped => ({
    _tag: 'StoreStopped',
    outcome: revision <= unknownUpTo ? 'unknown' : 'not-written',
    reason,
  })
  const refusal = (why: Stop): StoreStopped => refusalAt(why, Infinity)

  const failStop = (reason: StoreFailure): void => {
    const why = { reason, unknownUpTo: underWay }
    stop = why
    const waiting = waiters
    waiters = []
    for (const { revision, settle } of waiting) settle(E.left(refusalAt(why, revision)))
    for (const job of queue.splice(0)) if (job._tag === 'upkeep') job.settle(E.left(refusal(why)))
    stops.tell(reason)
  }

  const settleUpTo = (revision: number): void => {
    const ready = waiters.filter((waiter) => waiter.revision <= revision)
    waiters = waiters.filter((waiter) => waiter.revision > revision)
    for (const { settle } of ready) settle(E.right(undefined))
  }

  /** The commands at the front of the queue that fit into one batch; at least one. */
  const takeCommands = (): ReadonlyArray<Command> => {
    const taken: Array<Command> = []
    let bytes = 0
    for (let job = queue[0]; job?._tag === 'command' && bytes < BATCH_BYTES_MAX; job = queue[0]) {
      bytes += job.bytes
      taken.push(job)
      queue.shift()
    }
    pendingBytes -= bytes
    return taken
  }

  const commit = async (commands: ReadonlyArray<Command>): Promise<void> => {
    const from = durable.revision
    const head = commands.at(-1)?.head ?? durable
    const records = commands.flatMap((command) => command.records)
    const mark = { ...head, previousRevision: from, bootCounter, identity }
    underWay = head.revision
    const operations = records.map((value, i) => ({ type: 'put', key: recordKey(from + i), value }) as const)
    const headPut = { type: 'put', key: HEAD_KEY, value: sealMark(seal, DOMAIN.head, mark) } as const
    const stored = await store.batch([...operations, headPut])()
    if (E.isLeft(stored)) return failStop(stored.left)
    const remembered = await nvram.write(sealMark(seal, DOMAIN.cell, mark))()
    if (E.isLeft(remembered)) return failStop(remembered.left)
    durable = head
    committed.tell({ from, records })
    settleUpTo(head.revision)
  }

  const upkeep = async ({ operations, settle }: Upkeep): Promise<void> => {
    const stored = await store.batch(operations)()
    if (E.isRight(stored)) return settle(E.right(undefined))
    failStop(stored.left)
    settle(E.left({ _tag: 'StoreStopped', outcome: 'unknown', reason: stored.left }))
  }

  const runQueue = async (): Promise<void> => {
    await Promise.resolve() // Whatever else is appended in this turn shares the first batch.
    for (let job = queue[0]; job !== undefined; job = queue[0]) {
      if (job._tag === 'command') await commit(takeCommands())
      else {
        queue.shift()
        await upkeep(job)
      }
    }
    pump = undefined
  }

  const enqueue = (job: Command | Upkeep): void => {
    queue.push(job)
    pump ??= runQueue()
  }

  const whenDurable =
    (revision: number): TaskEither<StoreStopped, void> =>
    () => {
      invariant(revision <= speculative.revision, 'only what was appended becomes durable')
      if (revision <= durable.revision) return Promise.resolve(E.right(undefined))
      const why = stop
      if (why !== undefined && why.reason._tag !== 'StoreClosed') {
        return Promise.resolve(E.left(refusalAt(why, revision)))
      }
      return new Promise((settle) => waiters.push({ revision, settle }))
    }

  const append: Writer['append'] = (expected, payloads) => {
    if (stop !== undefined) return E.left(refusal(stop))
    if (expected !== speculative.revision) {
      return E.left({ _tag: 'RevisionConflict', expected, actual: speculative.revision })
    }
    const tooLarge = payloads.find(({ length }) => length > PAYLOAD_BYTES_MAX)
    if (tooLarge !== undefined) {
      return E.left({ _tag: 'PayloadTooLarge', bytes: tooLarge.length, limit: PAYLOAD_BYTES_MAX })
    }
    if (pendingBytes >= PENDING_BYTES_MAX) return E.left({ _tag: 'LogBusy', pendingBytes, limit: PENDING_BYTES_MAX })
    const records: Array<LogRecord> = []
    let head = speculative
    let bytes = 0
    for (const payload of payloads) {
      const encoded = encodeRecord(parts, mac, head, payload)
      head = encoded.head
      bytes += encoded.record.length
      records.push(encoded.record)
    }
    speculative = head
    pendingBytes += bytes
    if (records.length > 0) enqueue({ _tag: 'command', records, head, bytes })
    const settled = whenDurable(head.revision)
    const durably: Appended['durable'] = async () => {
      const result = await settled()
      return E.isLeft(result) ? result : E.right(head)
    }
    return E.right({ from: expected, head, durable: durably })
  }

  return {
    speculativeHead: () => speculative,
    durableHead: () => durable,
    append,
    whenDurable,
    write: (operations) => () =>
      stop === undefined
        ? new Promise((settle) => enqueue({ _tag: 'upkeep', operations, settle }))
        : Promise.resolve(E.left(refusal(stop))),
    stopped: () => stop && refusal(stop),
    onCommitted: committed.add,
    onStopped: stops.add,
    drain: async () => {
      stop ??= { reason: { _tag: 'StoreClosed' }, unknownUpTo: durable.revision }
      await pump
    },
  }
}
