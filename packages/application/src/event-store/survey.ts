import * as E from 'fp-ts/lib/Either.js'
import type { KeyValueStore, StoreFailure } from '@hsmlab/ports'
import { AFTER_RECORDS, BEFORE_RECORDS, HEAD_KEY, recordsFrom } from './layout.ts'
import { type Seal, sameBytes } from './seal.ts'
import { type Snapshot, soundSnapshot } from './snapshot.ts'

/** What a store holds beside records. */
export type Survey = Readonly<{
  sealedHead: Uint8Array | undefined
  /** Newest first. */
  snapshots: ReadonlyArray<Snapshot>
  /** Keys of damaged snapshots, and of what nobody put there. */
  strays: ReadonlyArray<Uint8Array>
  holdsRecords: boolean
}>

/** Looks at everything in `store` but the records. */
export const survey = async (
  store: KeyValueStore,
  seal: Seal,
  genesis: Uint8Array,
): Promise<E.Either<StoreFailure, Survey>> => {
  let sealedHead: Uint8Array | undefined
  const snapshots: Array<Snapshot> = []
  const strays: Array<Uint8Array> = []

  const sort = (key: Uint8Array, value: Uint8Array): void => {
    if (sameBytes(key, HEAD_KEY)) {
      sealedHead = value
      return
    }
    const snapshot = soundSnapshot(seal, genesis, key, value)
    if (snapshot !== undefined) snapshots.unshift(snapshot)
    else strays.push(key)
  }
  for (const range of [BEFORE_RECORDS, AFTER_RECORDS]) {
    const visited = await store.iterate(range, (entries) => entries.forEach(({ key, value }) => sort(key, value)))()
    if (E.isLeft(visited)) return visited
  }
  let holdsRecords = false
  const visited = await store.iterate({ ...recordsFrom(0), limit: 1 }, () => {
    holdsRecords = true
  })()
  return E.isLeft(visited) ? visited : E.right({ sealedHead, snapshots, strays, holdsRecords })
}
