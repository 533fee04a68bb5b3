import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { invariant, type Tagged } from '@hsmlab/event-sourcing'
import {
  type ClusterCommand,
  clusterDecider,
  type ClusterRejection,
  type ControlPlane,
  encodeClusterFact,
} from '@hsmlab/domain'
import type { Unsubscribe } from '@hsmlab/ports'
import type { EventStore } from '../event-store/event-store.ts'
import { mayPass, type OpenFailure } from '../event-store/failure.ts'
import type { ControllerUnavailable } from './controller.ts'
import type { ControllerEnv, ControllerPart } from './controller-env.ts'
import type { FactUnreadable } from './controller-fold.ts'
import { type FoldedStore, openFoldedStore } from './controller-store.ts'

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
  /** Called once, when the log is damaged and stays stopped. */
  readonly onStopped: (listener: () => void) => Unsubscribe
  readonly close: () => Promise<void>
}

const unavailable = E.left<ControllerUnavailable>({ _tag: 'ControllerUnavailable' })

type LogEnv = Pick<ControllerEnv, 'disk' | 'engine' | 'clock' | 'logger'>
type LogPart = Pick<ControllerPart, 'create' | 'logMacKey' | 'settings'>

const listening = () => {
  const listeners = new Set<() => void>()
  return {
    tell: () => {
      for (const listener of listeners) listener()
    },
    add: (listener: () => void): Unsubscribe => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/**
 * The first failed write stops a log, because nobody knows what is on the disk then: it is closed, opened and verified
 * anew, and what it then folds to is the state. In the meantime requests are refused, and steps wait.
 */
const logOver = (env: LogEnv, { logMacKey, settings }: LogPart, first: FoldedStore): ControllerLog => {
  const { clock, logger } = env
  const decider = clusterDecider(settings.limits)
  const durability = listening()
  const stopping = listening()
  let isClosed = false
  let isOpen = true
  let reopening: Promise<void> = Promise.resolve()
  let store = first.store
  let newest = first.plane
  let durable = { plane: first.plane, position: first.store.durableHead().revision }

  const adopt = ({ store: opened, plane }: FoldedStore): void => {
    store = opened
    newest = plane
    durable = { plane, position: opened.durableHead().revision }
    isOpen = true
    store.onStopped(() => {
      reopening = reopen(0)
    })
  }

  const reopen = async (attempt: number): Promise<void> => {
    if (attempt === 0) {
      isOpen = false
      logger.log('error', "the controller's log could not be written and is opened anew")
      await store.close()()
    }
    if (isClosed) return
    const opened = await openFoldedStore(env, logMacKey, false)()
    if (E.isRight(opened)) {
      adopt(opened.right)
      durability.tell()
    } else if (mayPass(opened.left)) {
      const pause = Math.min(settings.retryMillis.most, settings.retryMillis.first * 2 ** Math.min(attempt, 30))
      clock.after(pause, () => {
        reopening = reopen(attempt + 1)
      })
    } else {
      logger.log('error', "the controller's log is damaged and stays stopped", { why: opened.left._tag })
      stopping.tell()
    }
  }

  /** True once all that was appended to `asked` is on the disk. */
  const isSynced = async (asked: EventStore, revision: number): Promise<boolean> =>
    E.isRight(await asked.whenDurable(revision)())

  const submit: ControllerLog['submit'] = (command) => async () => {
    if (!isOpen) return unavailable
    const asked = store
    const decision = decider.decide(command, newest)
    const { revision } = asked.speculativeHead()
    // A refusal depends on what is not on the disk yet as much as an acceptance does.
    if (E.isLeft(decision)) return (await isSynced(asked, revision)) ? decision : unavailable
    const after = decision.right.reduce(decider.evolve, newest)
    if (decision.right.length === 0) return (await isSynced(asked, revision)) ? E.right(after) : unavailable

    const appended = asked.append(revision, decision.right.map(encodeClusterFact))
    if (E.isLeft(appended)) {
      invariant(appended.left._tag !== 'RevisionConflict', 'the controller is the only writer of its log')
      return unavailable
    }
    newest = after
    const position = revision + decision.right.length
    const synced = await appended.right.durable()
    if (E.isLeft(synced)) return unavailable
    if (asked === store && position > durable.position) {
      durable = { plane: after, position }
      durability.tell()
    }
    return E.right(after)
  }

  adopt(first)
  return {
    submit,
    probe: (command) => {
      const decision = decider.decide(command, newest)
      return E.isLeft(decision) ? decision : E.right(undefined)
    },
    speculative: () => newest,
    durable: () => durable,
    store: {
      durableHead: () => store.durableHead(),
      read: (from, to, visit) => store.read(from, to, visit),
    },
    onDurable: durability.add,
    onStopped: stopping.add,
    close: async () => {
      isClosed = true
      await reopening
      if (isOpen) await store.close()()
      isOpen = false
    },
  }
}

export const openControllerLog =
  (env: LogEnv, part: LogPart): TaskEither<ControllerOpenFailure, ControllerLog> =>
  async () => {
    const opened = await openFoldedStore(env, part.logMacKey, part.create)()
    return E.isLeft(opened) ? opened : E.right(logOver(env, part, opened.right))
  }
