import type { Either } from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { StoreFailure, Unsubscribe } from '@hsmlab/ports'
import type { AppendRefusal, ReadFailure, StoreStopped } from './failure.ts'
import type { Head, LogRecord } from './record.ts'
import type { Snapshot } from './snapshot.ts'

/** Records that were taken in order; `head` is speculative until `durable` answers. */
export type Appended = Readonly<{
  /** Position of the first of them. */
  from: number
  head: Head
  /** Answers `head` once the batch and the head file are on the disk, in that order. May be asked any number of times. */
  durable: TaskEither<StoreStopped, Head>
}>

/** Sees verified records in order; false ends the reading. The bytes are a view, valid during the call. */
export type VisitRecord = (position: number, record: LogRecord) => boolean | void

/** Records `from`, `from + 1` … as they became durable. */
export type CommittedRun = Readonly<{ from: number; records: ReadonlyArray<LogRecord> }>

export type ScrubPlan = Readonly<{
  /** How many records are verified before others get the thread. */
  sliceRecords?: number
  /** What to wait for between slices; a timer of the caller's clock, usually. */
  between?: Task<void>
}>

/**
 * One log: an append-only chain of records over a store that keeps bytes, not promises. Open it with
 * `openEventStore`. One owner, one thread; decide on `speculativeHead`, answer when durable.
 */
export interface EventStore {
  readonly identity: string
  /** How often this log was opened, this time included. */
  readonly bootCounter: number
  /** Snapshots that were damaged, and deleted, when the log was opened: the history itself is whole. */
  readonly snapshotsDropped: number
  readonly speculativeHead: () => Head
  readonly durableHead: () => Head
  /**
   * Takes all of `payloads` or none as the records after `expected` (a revision). They share a synced batch with
   * whatever else was appended while the batch before was under way.
   */
  readonly append: (expected: number, payloads: ReadonlyArray<Uint8Array>) => Either<AppendRefusal, Appended>
  /** Answers when the first `revision` records are on the disk. `revision` must have been appended. */
  readonly whenDurable: (revision: number) => TaskEither<StoreStopped, void>
  /** Durable records `from` (inclusive) to `to` (exclusive), each verified before `visit` sees it. */
  readonly read: (from: number, to: number, visit: VisitRecord) => TaskEither<ReadFailure, void>
  /** Verifies the whole log from its genesis, in slices; answers the head that it verified. */
  readonly scrub: (plan?: ScrubPlan) => TaskEither<ReadFailure, Head>
  /** Keeps `state`, which the first `revision` durable records fold to, and the snapshot before it. */
  readonly saveSnapshot: (revision: number, state: Uint8Array) => TaskEither<ReadFailure, void>
  /** The newest sound snapshot. */
  readonly latestSnapshot: () => TaskEither<ReadFailure, Snapshot | undefined>
  /** Every run of records that becomes durable, in order and without a gap, before its appenders are answered. */
  readonly onCommitted: (listener: (run: CommittedRun) => void) => Unsubscribe
  /** Called once, when a write has failed: the owner closes this store and opens it anew. */
  readonly onStopped: (listener: (reason: StoreFailure) => void) => Unsubscribe
  /** Waits for what was appended, then gives the log free. */
  readonly close: () => TaskEither<StoreFailure, void>
}
