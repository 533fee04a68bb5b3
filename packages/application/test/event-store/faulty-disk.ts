import * as E from 'fp-ts/lib/Either.js'
import type { Disk, KeyValueStore, StoreFailure, StoreOperation } from '@hsmlab/ports'

type Write = Readonly<{ what: 'batch' | 'cell'; operations: ReadonlyArray<StoreOperation> }>

/** Asked before each write: a failure answers in its place, a promise holds it back. */
export type Interference = (write: Write) => StoreFailure | undefined | Promise<StoreFailure | undefined>

/** `disk` with a hand on its writes. */
export const interfering = (disk: Disk, interfere: Interference): Disk => {
  const store = (inner: KeyValueStore): KeyValueStore => ({
    ...inner,
    batch: (operations) => async () => {
      const failure = await interfere({ what: 'batch', operations })
      return failure === undefined ? await inner.batch(operations)() : E.left(failure)
    },
  })
  return {
    open: (create) => async () => {
      const opened = await disk.open(create)()
      return E.isLeft(opened) ? opened : E.right(store(opened.right))
    },
    nvram: {
      read: disk.nvram.read,
      write: (cell) => async () => {
        const failure = await interfere({ what: 'cell', operations: [] })
        return failure === undefined ? await disk.nvram.write(cell)() : E.left(failure)
      },
    },
  }
}

/** Held back until `release` is called. */
export const gate = () => {
  let release = (): void => undefined
  const opened = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined)
  })
  return { opened, release: () => release() }
}
