import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import {
  blankHsm,
  canonicalHsmState,
  decodeHsmFact,
  encodeHsmFact,
  evolveHsm,
  HSM_RETURN,
  type HsmDecision,
  type HsmEvent,
  type HsmPhase,
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
import type { AppendRefusal, ReadFailure } from '../event-store/failure.ts'
import { payloadOf } from '../event-store/record.ts'
import type { Replay } from '../event-store/verify-log.ts'

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
  /** The phase that the disk knows of: what others are told, and act on, for good. */
  readonly durablePhase: () => HsmPhase
  /** Applies and appends all of `events`, or nothing. */
  readonly append: (events: ReadonlyArray<HsmEvent>) => Appending
  /**
   * Appends what was decided; the answer waits for the disk, whether it depends on these events or on earlier ones.
   * `applied` changes what is volatile together with the state: at once, and only when the events were taken.
   */
  readonly commit: <Reply>(
    decision: HsmDecision<Reply>,
    applied?: (reply: Reply) => void,
  ) => Promise<E.Either<HsmRejection, Reply>>
}

/** `durable` resolves when the events are on the disk, to false when that is not known. */
export type Appending =
  | Tagged<'Taken', { durable: Promise<boolean> }>
  /** The disk does not keep up, for now. */
  | Tagged<'Busy'>
  | Tagged<'TooLarge'>
  | Tagged<'Stopped'>

const STOPPED = E.left(rejection('CKR_DEVICE_ERROR', 'The HSM could not write its log; the outcome is unknown.'))

/** Why nothing was appended; nothing has changed. */
const REFUSALS: Readonly<Record<Exclude<Appending['_tag'], 'Taken'>, E.Either<HsmRejection, never>>> = {
  Busy: E.left(rejection('CKR_FUNCTION_FAILED', 'The HSM is busy.', HSM_RETURN.busy)),
  TooLarge: E.left(rejection('CKR_FUNCTION_FAILED', 'The HSM cannot keep so much at a time.')),
  Stopped: STOPPED,
}

const refusalOf = ({ _tag }: AppendRefusal): Exclude<Appending['_tag'], 'Taken'> => {
  switch (_tag) {
    case 'LogBusy':
      return 'Busy'
    case 'PayloadTooLarge':
      return 'TooLarge'
    case 'RevisionConflict':
    case 'StoreStopped':
      return 'Stopped'
  }
}

/** The fold of an HSM's log, made while the log is verified: each record is read once. */
export interface HsmFold {
  readonly replay: Replay
  readonly result: () => E.Either<FactUnreadable, HsmState>
  /** How many records went into it after its snapshot. */
  readonly recordsFolded: () => number
}

/** Begins at the newest snapshot that this version can read, or at the first record. */
export const hsmFold = (): HsmFold => {
  let state = blankHsm()
  let folded = 0
  let unreadable: FactUnreadable | undefined
  return {
    replay: {
      fromSnapshot: (_revision, snapshot) => {
        const text = utf8Text(snapshot)
        const restored = text === undefined ? undefined : readHsmSnapshot(text)
        state = restored ?? blankHsm()
        return restored !== undefined
      },
      record: (position, record) => {
        if (unreadable !== undefined) return
        const fact = decodeHsmFact(payloadOf(record))
        if (E.isLeft(fact)) {
          unreadable = { _tag: 'FactUnreadable', position, cause: fact.left }
          return
        }
        evolveHsm(state, fact.right)
        folded += 1
      },
    },
    result: () => (unreadable === undefined ? E.right(state) : E.left(unreadable)),
    recordsFolded: () => folded,
  }
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

/** Takes an open store into use, with what it was folded to when it was opened. */
export const hsmLog =
  (store: EventStore, fold: HsmFold, clock: Clock): TaskEither<ReadFailure | FactUnreadable, HsmLog> =>
  async () => {
    const folded = fold.result()
    if (E.isLeft(folded)) return folded
    const state = folded.right
    if (fold.recordsFolded() > SNAPSHOT_AFTER_RECORDS) {
      const { revision } = store.durableHead()
      const saved = await store.saveSnapshot(revision, utf8Bytes(canonicalHsmState(state)))()
      if (E.isLeft(saved)) return saved
    }
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

    let durable = state.phase
    let phases: ReadonlyArray<Readonly<{ revision: number; phase: HsmPhase }>> = []
    const durablePhase = (): HsmPhase => {
      const { revision } = store.durableHead()
      durable = phases.findLast((each) => each.revision <= revision)?.phase ?? durable
      phases = phases.filter((each) => each.revision > revision)
      return durable
    }

    const append = (events: ReadonlyArray<HsmEvent>): Appending => {
      if (failed) return { _tag: 'Stopped' }
      const at = clock.wallMicros()
      const facts = events.map((event) => ({ at, event }))
      const appended = store.append(store.speculativeHead().revision, facts.map(encodeHsmFact))
      if (E.isLeft(appended)) return { _tag: refusalOf(appended.left) }
      const { phase } = state
      for (const fact of facts) {
        evolveHsm(state, fact)
        updateKeys(keys, fact.event)
      }
      const { head } = appended.right
      if (state.phase !== phase) phases = [...phases, { revision: head.revision, phase: state.phase }]
      return { _tag: 'Taken', durable: appended.right.durable().then(E.isRight) }
    }

    const settle = async <Reply>(
      reply: E.Either<HsmRejection, Reply>,
      onDisk: Promise<boolean> | undefined,
    ): Promise<E.Either<HsmRejection, Reply>> => ((await (onDisk ?? true)) ? reply : STOPPED)

    return E.right({
      state,
      store,
      keys,
      revision: () => store.speculativeHead().revision,
      settled,
      append,
      durablePhase,
      commit: ({ events, reply }, applied) => {
        const appending = events.length > 0 ? append(events) : undefined
        if (appending !== undefined && appending._tag !== 'Taken') return Promise.resolve(REFUSALS[appending._tag])
        if (E.isRight(reply)) applied?.(reply.right)
        return settle(reply, appending === undefined ? settled() : appending.durable)
      },
    })
  }
