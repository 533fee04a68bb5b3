import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Disk, KeyValueStore, StoreFailure } from '../key-value-store.ts'
import { type OrderedBytes, orderedBytes } from './ordered-bytes.ts'

const RUN_LENGTH = 256

/** Entries go to `visit` in runs of this many at most, as a real store would hand them out. */
const visitInRuns = <Entry>(
  entries: ReadonlyArray<Entry>,
  visit: (run: ReadonlyArray<Entry>) => boolean | void,
): void => {
  for (let start = 0; start < entries.length; start += RUN_LENGTH) {
    if (visit(entries.slice(start, start + RUN_LENGTH)) === false) return
  }
}

/** A disk without faults that lives as long as the process: what is closed can be opened again. */
export const memoryDisk = (): Disk => {
  let kept: OrderedBytes | undefined
  let cell: Uint8Array | undefined
  let isOpen = false

  const handle = (bytes: OrderedBytes): KeyValueStore => {
    let closed = false
    const guarded =
      <Result>(run: () => Result): TaskEither<StoreFailure, Result> =>
      async () =>
        closed ? E.left({ _tag: 'StoreUnavailable' }) : E.right(run())
    return {
      batch: (operations) =>
        guarded(() => {
          for (const operation of operations) {
            if (operation.type === 'put') bytes.put(operation.key, operation.value)
            else bytes.del(operation.key)
          }
        }),
      get: (key) => guarded(() => bytes.get(key)),
      iterate: (range, visit) => guarded(() => visitInRuns(bytes.range(range), visit)),
      close: () =>
        guarded(() => {
          closed = true
          isOpen = false
        }),
    }
  }

  return {
    open:
      (create): TaskEither<StoreFailure, KeyValueStore> =>
      async () => {
        if (isOpen) return E.left({ _tag: 'StoreLocked' })
        if (kept === undefined && !create) return E.left({ _tag: 'StoreMissing' })
        kept ??= orderedBytes()
        isOpen = true
        return E.right(handle(kept))
      },
    nvram: {
      read: () => async () => E.right(cell?.slice()),
      write: (next) => async () => {
        cell = next.slice()
        return E.right(undefined)
      },
    },
  }
}
