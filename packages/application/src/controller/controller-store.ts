import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { ControlPlane } from '@hsmlab/domain'
import type { EventStore } from '../event-store/event-store.ts'
import type { OpenFailure } from '../event-store/failure.ts'
import { openEventStore } from '../event-store/open-event-store.ts'
import { payloadOf } from '../event-store/record.ts'
import type { ControllerEnv } from './controller-env.ts'
import { controllerFold, type FactUnreadable } from './controller-fold.ts'

export const CONTROLLER_LOG_IDENTITY = 'controller'

export type FoldedStore = Readonly<{ store: EventStore; plane: ControlPlane }>

/** Opens, verifies and folds the log; a second controller on it is refused by the store's lock (`StoreLocked`). */
export const openFoldedStore =
  (
    { disk, engine }: Pick<ControllerEnv, 'disk' | 'engine'>,
    macKey: Uint8Array,
    create: boolean,
  ): TaskEither<OpenFailure | FactUnreadable, FoldedStore> =>
  async () => {
    const fold = controllerFold()
    const store = await openEventStore(
      { disk, primitives: engine },
      {
        create,
        macKey,
        identity: CONTROLLER_LOG_IDENTITY,
        replay: { fromSnapshot: () => false, record: (_, record) => fold.apply(payloadOf(record)) },
      },
    )()
    if (E.isLeft(store)) return store
    const folded = fold.result()
    if (E.isRight(folded)) return E.right({ store: store.right, plane: folded.right.plane })
    await store.right.close()()
    return folded
  }
