import * as E from 'fp-ts/lib/Either.js'
import type { KeyValueStore } from '@hsmlab/ports'
import type { EventStore, ScrubPlan, VisitRecord } from './event-store.ts'
import type { ReadFailure } from './failure.ts'
import { recordsBetween } from './layout.ts'
import type { Parts } from './parts.ts'
import type { Head } from './record.ts'
import { newestSnapshot, snapshotOperations } from './snapshots.ts'
import { sealSnapshot, type Snapshot } from './snapshot.ts'
import { recordVerifier, type Start } from './verify.ts'
import { damaged, headAt, walk } from './walk.ts'
import { startWriter, type Writer } from './writer.ts'

/** What opening found out about a log. */
export type Verified = Readonly<{
  head: Head
  bootCounter: number
  /** Revisions of the sound snapshots. */
  snapshots: ReadonlyArray<number>
  snapshotsDropped: number
}>

type Reading<Result> = Promise<E.Either<ReadFailure, Result>>

const SCRUB_SLICE_RECORDS = 1000

/** Verifies and visits the records from `start` to `to`; answers the head it came to, or nothing when `visit` had enough. */
const readFrom = async (
  parts: Parts,
  store: KeyValueStore,
  start: Start,
  to: number,
  visit: VisitRecord,
): Reading<Head | undefined> => {
  const verifier = recordVerifier(parts, parts.mac, start)
  const walked = await walk(store, recordsBetween(start.revision, to), verifier, visit)
  if (E.isLeft(walked)) return walked
  if (!walked.right) return E.right(undefined)
  const head = verifier.head()
  return head.revision < to ? damaged(head.revision, 'gap') : E.right(head)
}

const scrub = async (
  parts: Parts,
  store: KeyValueStore,
  writer: Writer,
  { sliceRecords = SCRUB_SLICE_RECORDS, between }: ScrubPlan,
): Reading<Head> => {
  const goal = writer.durableHead()
  let verified: Head = { revision: 0, hash: parts.genesis }
  while (verified.revision < goal.revision) {
    const stopped = writer.stopped()
    if (stopped !== undefined) return E.left(stopped)
    const to = Math.min(goal.revision, verified.revision + sliceRecords)
    const slice = await readFrom(parts, store, verified, to, () => true)
    if (E.isLeft(slice)) return slice
    verified = slice.right ?? verified
    await between?.()
  }
  return E.right(verified)
}

/** The face of a log that was just verified. */
export const verifiedStore = (parts: Parts, store: KeyValueStore, verified: Verified): EventStore => {
  const { disk, seal, genesis, identity } = parts
  const { bootCounter, snapshotsDropped } = verified
  const writer = startWriter({ ...parts, ...verified, store, nvram: disk.nvram })
  let kept = verified.snapshots
  let closed = false

  /** After a failed write nobody knows what the store holds, so nothing is read from it either. */
  const whileSound =
    <Result>(run: () => Reading<Result>) =>
    async (): Reading<Result> => {
      const stopped = writer.stopped()
      return stopped === undefined ? await run() : E.left(stopped)
    }

  const saveSnapshot = async (revision: number, state: Uint8Array): Reading<void> => {
    const durable = await writer.whenDurable(revision)()
    if (E.isLeft(durable)) return durable
    const head = await headAt(parts, store, revision)
    if (E.isLeft(head)) return head
    const next = snapshotOperations(revision, sealSnapshot(seal, genesis, { ...head.right, state }), kept)
    const written = await writer.write(next.operations)()
    if (E.isRight(written)) ({ kept } = next)
    return written
  }

  return {
    identity,
    bootCounter,
    snapshotsDropped,
    speculativeHead: writer.speculativeHead,
    durableHead: writer.durableHead,
    append: writer.append,
    whenDurable: writer.whenDurable,
    read: (from, to, visit) =>
      whileSound(async () => {
        const end = Math.min(to, writer.durableHead().revision)
        if (from >= end) return E.right(undefined)
        const start = from === 0 ? { revision: 0, hash: genesis } : { revision: from }
        const read = await readFrom(parts, store, start, end, visit)
        return E.isLeft(read) ? read : E.right(undefined)
      }),
    scrub: (plan = {}) => whileSound(() => scrub(parts, store, writer, plan)),
    saveSnapshot: (revision, state) => whileSound(() => saveSnapshot(revision, state)),
    latestSnapshot: () => whileSound((): Reading<Snapshot | undefined> => newestSnapshot(store, seal, genesis)),
    onCommitted: writer.onCommitted,
    onStopped: writer.onStopped,
    close: () => async () => {
      if (closed) return E.right(undefined)
      closed = true
      await writer.drain()
      return await store.close()()
    },
  }
}
