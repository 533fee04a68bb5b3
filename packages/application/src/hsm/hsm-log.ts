import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import {
  blankHsm,
  canonicalHsmState,
  decodeHsmFact,
  encodeHsmFact,
  evolveHsm,
  type HsmDecision,
  type HsmEvent,
  type HsmRejection,
  type HsmState,
  type KeyEntry,
  type KeyTable,
  keyTable,
  type MutableKeyTable,
  readHsmSnapshot,
  rejection,
} from '@hsmlab/domain'
import { type DecodeError, type Tagged, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import type { Clock } from '@hsmlab/ports'
import type { EventStore } from '../event-store/event-store.ts'
import type { ReadFailure } from '../event-store/failure.ts'
import { payloadOf } from '../event-store/record.ts'

/** A snapshot is taken when a start had to fold more records than this. */
const SNAPSHOT_AFTER_RECORDS = 5000

/** The log holds a fact that this version cannot read: it serves nothing rather than guess. */
export type FactUnreadable = Tagged<'FactUnreadable', { position: number; cause: DecodeError }>

/** The log of one HSM, and the state that it folds to. */
export interface HsmLog {
  /** Speculative: it may be ahead of the disk. Nothing that depends on it leaves before `settled`. */
  readonly state: HsmState
  readonly store: EventStore
  /** The token keys and tombstones of `state` with their digest. */
  readonly keys: KeyTable
  /** Number of records, those not yet on the disk included. */
  readonly revision: () => number
  /** What waits for the disk; `undefined`: nothing does. Resolves to false when it may never get there. */
  readonly settled: () => Promise<boolean> | undefined
  /** Applies and appends; resolves when all of it is on the disk, or to false when that is not known. */
  readonly append: (events: ReadonlyArray<HsmEvent>) => Promise<boolean>
  /** Appends what was decided; the answer waits for the disk, whether it depends on these events or on earlier ones. */
  readonly commit: <Reply>(decision: HsmDecision<Reply>) => Promise<E.Either<HsmRejection, Reply>>
}

const stopped = (): E.Either<HsmRejection, never> =>
  E.left(rejection('CKR_DEVICE_ERROR', 'The HSM could not write its log; the outcome is unknown.'))

/** Folds the log of `store` from its newest sound snapshot on. */
const foldLog = async (store: EventStore): Promise<E.Either<ReadFailure | FactUnreadable, HsmState>> => {
  const snapshot = await store.latestSnapshot()()
  if (E.isLeft(snapshot)) return snapshot
  const text = snapshot.right === undefined ? undefined : utf8Text(snapshot.right.state)
  const restored = text === undefined ? undefined : readHsmSnapshot(text)
  const from = restored === undefined ? 0 : (snapshot.right?.revision ?? 0)
  const state = restored ?? blankHsm()
  const to = store.durableHead().revision

  let unreadable: FactUnreadable | undefined
  const read = await store.read(from, to, (position, record) => {
    const fact = decodeHsmFact(payloadOf(record))
    if (E.isLeft(fact)) {
      unreadable = { _tag: 'FactUnreadable', position, cause: fact.left }
      return false
    }
    evolveHsm(state, fact.right)
    return true
  })()
  if (E.isLeft(read)) return read
  if (unreadable !== undefined) return E.left(unreadable)
  if (to - from <= SNAPSHOT_AFTER_RECORDS) return E.right(state)
  const saved = await store.saveSnapshot(to, utf8Bytes(canonicalHsmState(state)))()
  return E.isLeft(saved) ? saved : E.right(state)
}

const entriesOf = (state: HsmState): Iterable<KeyEntry> =>
  // Where both stand, a newer generation has come and the tombstone is of the older one.
  new Map<number, KeyEntry>([...state.tombstones, ...state.keys]).values()

/** What an event changes in the key table: the fold keeps records and tombstones apart, anti-entropy does not. */
const updateKeys = (keys: MutableKeyTable, event: HsmEvent): void => {
  switch (event.type) {
    case 'KeyGenerated':
    case 'KeyInserted':
      return keys.put(event.record)
    case 'KeyPairGenerated':
      keys.put(event.publicRecord)
      return keys.put(event.privateRecord)
    case 'KeyDeleted':
      return keys.put(event.tombstone)
    case 'HsmZeroized':
      return keys.clear()
    default:
      return
  }
}

/** Takes an open store into use. */
export const hsmLog =
  (store: EventStore, clock: Clock): TaskEither<ReadFailure | FactUnreadable, HsmLog> =>
  async () => {
    const folded = await foldLog(store)
    if (E.isLeft(folded)) return folded
    const state = folded.right
    const keys = keyTable(entriesOf(state))
    let failed = false
    const notifyStop = store.onStopped(() => {
      failed = true
      notifyStop()
    })

    const settled = (): Promise<boolean> | undefined => {
      if (failed) return Promise.resolve(false)
      const head = store.speculativeHead().revision
      if (store.durableHead().revision === head) return undefined
      return store.whenDurable(head)().then(E.isRight)
    }

    const append = async (events: ReadonlyArray<HsmEvent>): Promise<boolean> => {
      if (failed) return false
      const at = clock.wallMicros()
      const facts = events.map((event) => ({ at, event }))
      const appended = store.append(store.speculativeHead().revision, facts.map(encodeHsmFact))
      if (E.isLeft(appended)) return false
      for (const fact of facts) {
        evolveHsm(state, fact)
        updateKeys(keys, fact.event)
      }
      return E.isRight(await appended.right.durable())
    }

    return E.right({
      state,
      store,
      keys,
      revision: () => store.speculativeHead().revision,
      settled,
      append,
      commit: async ({ events, reply }) => {
        const durable = events.length > 0 ? await append(events) : await (settled() ?? true)
        return durable ? reply : stopped()
      },
    })
  }
