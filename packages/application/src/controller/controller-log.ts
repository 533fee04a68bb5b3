import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { invariant, type Tagged } from '@hsmlab/event-sourcing'
import {
  type ClusterCommand,
  clusterDecider,
  type ClusterRejection,
  type ControlPlane,
  encodeClusterFact,
  type Limits,
} from '@hsmlab/domain'
import type { Unsubscribe } from '@hsmlab/ports'
import type { EventStore } from '../event-store/event-store.ts'
import type { OpenFailure } from '../event-store/failure.ts'
import { openEventStore } from '../event-store/open-event-store.ts'
import { payloadOf } from '../event-store/record.ts'
import type { ControllerUnavailable } from './controller.ts'
import type { ControllerEnv, ControllerPart } from './controller-env.ts'
import { controllerFold, type FactUnreadable } from './controller-fold.ts'

export const CONTROLLER_LOG_IDENTITY = 'controller'

export type ControllerOpenFailure = OpenFailure | FactUnreadable | Tagged<'VaultUnavailable', { cause: unknown }>

/** The controller's log and what it folds to. Commands decide on the newest state, answers wait for the disk. */
export interface ControllerLog {
  /** The state after the command, once it is durable; also after a command that brought nothing new. */
  readonly submit: (command: ClusterCommand) => TaskEither<ClusterRejection | ControllerUnavailable, ControlPlane>
  /** What a command would be answered now; nothing is kept. */
  readonly probe: (command: ClusterCommand) => E.Either<ClusterRejection, void>
  readonly speculative: () => ControlPlane
  readonly durable: () => Readonly<{ plane: ControlPlane; position: number }>
  /** The log itself: to be read, not to be written. */
  readonly store: Pick<EventStore, 'durableHead' | 'read'>
  readonly onDurable: (listener: () => void) => Unsubscribe
  readonly onStopped: (listener: () => void) => Unsubscribe
  readonly close: () => Promise<void>
}

const unavailable = E.left<ControllerUnavailable>({ _tag: 'ControllerUnavailable' })

const logOver = (store: EventStore, initial: ControlPlane, limits: Limits): ControllerLog => {
  const decider = clusterDecider(limits)
  const listeners = new Set<() => void>()
  let newest = initial
  let durable = { plane: initial, position: store.durableHead().revision }

  const submit: ControllerLog['submit'] = (command) => async () => {
    const decision = decider.decide(command, newest)
    if (E.isLeft(decision)) return decision
    const { revision } = store.speculativeHead()
    const after = decision.right.reduce(decider.evolve, newest)
    if (decision.right.length === 0) {
      const synced = await store.whenDurable(revision)()
      return E.isLeft(synced) ? unavailable : E.right(after)
    }
    const appended = store.append(revision, decision.right.map(encodeClusterFact))
    if (E.isLeft(appended)) {
      invariant(appended.left._tag !== 'RevisionConflict', 'the controller is the only writer of its log')
      return unavailable
    }
    newest = after
    const position = revision + decision.right.length
    const synced = await appended.right.durable()
    if (E.isLeft(synced)) return unavailable
    if (position > durable.position) {
      durable = { plane: after, position }
      for (const listener of listeners) listener()
    }
    return E.right(after)
  }

  return {
    submit,
    probe: (command) => {
      const decision = decider.decide(command, newest)
      return E.isLeft(decision) ? decision : E.right(undefined)
    },
    speculative: () => newest,
    durable: () => durable,
    store,
    onDurable: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onStopped: (listener) => store.onStopped(() => listener()),
    close: async () => void (await store.close()()),
  }
}

/** Opens and folds the log; a second controller on it is refused by the store's lock (`StoreLocked`). */
export const openControllerLog =
  (
    { disk, engine }: Pick<ControllerEnv, 'disk' | 'engine'>,
    { create, logMacKey, settings }: Pick<ControllerPart, 'create' | 'logMacKey' | 'settings'>,
  ): TaskEither<ControllerOpenFailure, ControllerLog> =>
  async () => {
    const fold = controllerFold()
    const store = await openEventStore(
      { disk, primitives: engine },
      {
        create,
        macKey: logMacKey,
        identity: CONTROLLER_LOG_IDENTITY,
        replay: { fromSnapshot: () => false, record: (_, record) => fold.apply(payloadOf(record)) },
      },
    )()
    if (E.isLeft(store)) return store
    const folded = fold.result()
    if (E.isRight(folded)) return E.right(logOver(store.right, folded.right.plane, settings.limits))
    await store.right.close()()
    return folded
  }
