import * as E from 'fp-ts/lib/Either.js'
import type { KeyValueStore, StoreFailure } from '@hsmlab/ports'
import type { VisitRecord } from './event-store.ts'
import type { HeadFileDamaged, LogDamaged, LogForeign, LogRolledBack, OpenFailure } from './failure.ts'
import { HEAD_KEY, recordKey, recordsFrom } from './layout.ts'
import { claimedIdentity, type Mark, openMark, sealMark } from './mark.ts'
import type { Parts } from './parts.ts'
import { genesisHash, type Head, type LogRecord, previousHashOf } from './record.ts'
import { DOMAIN, sameBytes } from './seal.ts'
import type { Snapshot } from './snapshot.ts'
import { survey, type Survey } from './survey.ts'
import { recordVerifier } from './verify.ts'
import { damaged, headAt, walk } from './walk.ts'

/** Printable ASCII, so that it can stand in a message as it is. */
export const IDENTITY = /^[\x21-\x7e]{1,64}$/

/** Rebuilds a state while the log is verified. When opening fails, what was rebuilt is worth nothing. */
export type Replay = Readonly<{
  /** Called first, newest snapshot first; false asks for an older one, and at last for the whole history. */
  fromSnapshot: (revision: number, state: Uint8Array) => boolean
  record: (position: number, record: LogRecord) => void
}>

export type Opening<Result> = Promise<E.Either<OpenFailure, Result>>

/** The mark in the head file; `undefined` when nothing was ever written there. */
export const readCell = async ({ disk, seal, identity }: Parts): Opening<Mark | undefined> => {
  const cell = await disk.nvram.read()()
  if (E.isLeft(cell)) {
    return cell.left._tag === 'StoreDamaged' ? E.left({ _tag: 'HeadFileDamaged', what: 'malformed' }) : cell
  }
  if (cell.right === undefined) return E.right(undefined)
  const mark = openMark(seal, DOMAIN.cell, cell.right)
  if (typeof mark === 'string') return E.left({ _tag: 'HeadFileDamaged', what: mark })
  return mark.identity === identity ? E.right(mark) : E.left({ _tag: 'HeadFileDamaged', what: 'foreign' })
}

/** Whose log this is when its head is not sealed under our key: the genesis that its first record follows tells. */
const blameHead = async (
  parts: Parts,
  store: KeyValueStore,
  sealedHead: Uint8Array,
): Promise<E.Either<StoreFailure | LogForeign | LogDamaged, never>> => {
  const claimed = claimedIdentity(sealedHead)
  if (claimed === undefined || claimed === parts.identity || !IDENTITY.test(claimed)) return damaged(0, 'head')
  const first = await store.get(recordKey(0))()
  if (E.isLeft(first)) return first
  const follows = first.right !== undefined && sameBytes(previousHashOf(first.right), genesisHash(parts, claimed))
  return follows ? E.left({ _tag: 'LogForeign', expected: parts.identity, found: claimed }) : damaged(0, 'head')
}

/** The log's end as its head says. An empty store is a new log, unless the head file remembers one. */
const readHead = async (
  parts: Parts,
  store: KeyValueStore,
  found: Survey,
  cell: Mark | undefined,
  create: boolean,
): Opening<Mark> => {
  const { seal, identity, genesis } = parts
  if (found.sealedHead === undefined) {
    if (found.holdsRecords) return damaged(0, 'head')
    if (cell !== undefined) return E.left({ _tag: 'LogMissing', remembered: cell.revision })
    if (!create) return E.left({ _tag: 'StoreMissing' })
    const first: Mark = { revision: 0, previousRevision: 0, hash: genesis, bootCounter: 0, identity }
    const begun = await store.batch([{ type: 'put', key: HEAD_KEY, value: sealMark(seal, DOMAIN.head, first) }])()
    return E.isLeft(begun) ? begun : E.right(first)
  }
  const head = openMark(seal, DOMAIN.head, found.sealedHead)
  if (typeof head === 'string') return await blameHead(parts, store, found.sealedHead)
  return head.identity === identity
    ? E.right(head)
    : E.left({ _tag: 'LogForeign', expected: identity, found: head.identity })
}

/** A log that was made, but never opened: nothing was ever acknowledged on it. */
const isUntouched = (head: Mark): boolean => head.revision === 0 && head.bootCounter === 0

/**
 * Holds the head in the store against the cell in the head file. The cell is written after each batch, so it is as
 * new as the head or one batch behind.
 */
const compare = (head: Mark, cell: Mark | undefined): E.Either<LogDamaged | LogRolledBack | HeadFileDamaged, Mark> => {
  if (cell === undefined)
    return isUntouched(head) ? E.right(head) : E.left({ _tag: 'HeadFileDamaged', what: 'missing' })
  if (cell.revision > head.revision) {
    return E.left({ _tag: 'LogRolledBack', remembered: cell.revision, found: head.revision })
  }
  if (cell.revision === head.revision && !sameBytes(cell.hash, head.hash)) {
    return damaged(Math.max(0, head.revision - 1), 'fork')
  }
  const isOneBatchBehind = cell.revision === head.revision || cell.revision === head.previousRevision
  return cell.bootCounter >= head.bootCounter && isOneBatchBehind
    ? E.right(cell)
    : E.left({ _tag: 'HeadFileDamaged', what: 'rolled-back' })
}

/** The newest of `snapshots` that the owner can use. */
const chooseBase = (snapshots: ReadonlyArray<Snapshot>, replay: Replay | undefined): Snapshot | undefined =>
  snapshots.find(({ revision, state }) => replay?.fromSnapshot(revision, state) ?? true)

/** Follows the records from the newest usable snapshot to the head. */
const verifyToHead = async (
  parts: Parts,
  store: KeyValueStore,
  head: Mark,
  snapshots: ReadonlyArray<Snapshot>,
  replay: Replay | undefined,
): Opening<void> => {
  const { mac, genesis } = parts
  const base = chooseBase(snapshots, replay)
  const verifier = recordVerifier(parts, mac, { revision: base?.revision ?? 0, hash: base?.hash ?? genesis })
  const visit: VisitRecord = (position, record) => {
    if (position < head.revision) replay?.record(position, record)
  }
  const walked = await walk(store, recordsFrom(base?.revision ?? 0), verifier, visit)
  if (E.isLeft(walked)) return walked
  const verified = verifier.head()
  if (verified.revision < head.revision) return damaged(verified.revision, 'gap')
  const endsThere = verified.revision === head.revision && sameBytes(verified.hash, head.hash)
  return endsThere ? E.right(undefined) : damaged(head.revision, 'head')
}

/** A log that is what its head and its head file say. */
type SoundLog = Readonly<{
  head: Head
  bootCounter: number
  snapshots: ReadonlyArray<number>
  strays: Survey['strays']
}>

/** Everything that opening checks, from what lies in the store to what the head file remembers of it. */
export const verifyLog = async (
  parts: Parts,
  store: KeyValueStore,
  { create, replay }: Readonly<{ create: boolean; replay?: Replay | undefined }>,
): Opening<SoundLog> => {
  const { genesis, seal } = parts
  const cell = await readCell(parts)
  if (E.isLeft(cell)) return cell
  const found = await survey(store, seal, genesis)
  if (E.isLeft(found)) return found
  const head = await readHead(parts, store, found.right, cell.right, create)
  if (E.isLeft(head)) return head
  const remembered = compare(head.right, cell.right)
  if (E.isLeft(remembered)) return remembered
  const { snapshots, strays } = found.right
  const verified = await verifyToHead(parts, store, head.right, snapshots, replay)
  if (E.isLeft(verified)) return verified
  const known = await headAt(parts, store, remembered.right.revision)
  if (E.isLeft(known)) return known
  if (!sameBytes(known.right.hash, remembered.right.hash)) return damaged(Math.max(0, known.right.revision - 1), 'fork')
  const { revision, hash } = head.right
  const { bootCounter } = remembered.right
  return E.right({ head: { revision, hash }, bootCounter, snapshots: snapshots.map((s) => s.revision), strays })
}
