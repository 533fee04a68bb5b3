import * as E from 'fp-ts/lib/Either.js'
import type { KeyValueStore, StoreFailure, StoreOperation } from '@hsmlab/ports'
import { ALL_SNAPSHOTS, snapshotKey } from './layout.ts'
import type { Seal } from './seal.ts'
import { soundSnapshot, type Snapshot } from './snapshot.ts'

const SNAPSHOTS_KEPT = 2

/** The newest sound snapshot in the store. */
export const newestSnapshot = async (
  store: KeyValueStore,
  seal: Seal,
  genesis: Uint8Array,
): Promise<E.Either<StoreFailure, Snapshot | undefined>> => {
  let newest: Snapshot | undefined
  const result = await store.iterate({ ...ALL_SNAPSHOTS, reverse: true }, (entries) => {
    newest = entries
      .map(({ key, value }) => soundSnapshot(seal, genesis, key, value))
      .find((snapshot) => snapshot !== undefined)
    return newest === undefined
  })()
  return E.isLeft(result) ? result : E.right(newest)
}

/** Puts `sealed` beside the newest of the `kept` ones, and removes the rest. */
export const snapshotOperations = (
  revision: number,
  sealed: Uint8Array,
  kept: ReadonlyArray<number>,
): Readonly<{ operations: ReadonlyArray<StoreOperation>; kept: ReadonlyArray<number> }> => {
  const ordered = [revision, ...kept.filter((other) => other !== revision)].sort((a, b) => b - a)
  const superfluous = ordered.slice(SNAPSHOTS_KEPT)
  return {
    operations: [
      { type: 'put', key: snapshotKey(revision), value: sealed },
      ...superfluous.map((other) => ({ type: 'del', key: snapshotKey(other) }) as const),
    ],
    kept: ordered.slice(0, SNAPSHOTS_KEPT),
  }
}
