import type { StoreOperation } from '@hsmlab/ports'
import { type OrderedBytes, orderedBytes } from '@hsmlab/ports/memory'

type Batch = ReadonlyArray<StoreOperation>

/** What a machine holds of a store: what is on the disk for good, and what only its cache knows. */
export interface Platter {
  /** The store as a process that opens it now would see it. */
  readonly contents: () => OrderedBytes
  /** Into the cache: lives as long as the machine does. */
  readonly cache: (batch: Batch) => void
  /** Everything in the cache reaches the disk, in order. */
  readonly sync: () => void
  /** Power is lost: of the cache, only the first `survivors` batches had reached the disk. A torn batch is none. */
  readonly losePower: (survivors: number) => void
  readonly cachedBatches: () => number
  /** Changes what lies on the disk behind everybody's back. */
  readonly tamper: (change: (bytes: OrderedBytes) => void) => void
  readonly copy: () => Platter
}

const copyOf = (batch: Batch): Batch =>
  batch.map((operation) =>
    operation.type === 'put'
      ? { type: 'put', key: operation.key.slice(), value: operation.value.slice() }
      : { type: 'del', key: operation.key.slice() },
  )

export const applyBatch = (bytes: OrderedBytes, batch: Batch): void => {
  for (const operation of batch) {
    if (operation.type === 'put') bytes.put(operation.key, operation.value)
    else bytes.del(operation.key)
  }
}

export const newPlatter = (durable: OrderedBytes = orderedBytes(), cached: ReadonlyArray<Batch> = []): Platter => {
  let cache = [...cached]
  const flush = (count: number): void => {
    for (const batch of cache.slice(0, count)) applyBatch(durable, batch)
    cache = []
  }
  return {
    contents: () => {
      const bytes = durable.copy()
      for (const batch of cache) applyBatch(bytes, batch)
      return bytes
    },
    cache: (batch) => void cache.push(copyOf(batch)),
    sync: () => flush(cache.length),
    losePower: flush,
    cachedBatches: () => cache.length,
    tamper: (change) => {
      flush(cache.length)
      change(durable)
    },
    copy: () => newPlatter(durable.copy(), cache),
  }
}
