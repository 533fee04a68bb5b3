import type { KeyHandle } from '../identifiers.ts'
import { addLeaf, BUCKET_COUNT, bucketOf, type KeyDigest, LEAF_SIZE, leafOf } from './digest.ts'
import type { KeyEntry } from './entry.ts'

/** What anti-entropy reads of an HSM: one entry per handle, session keys left out. */
export interface KeyTable {
  readonly get: (handle: KeyHandle) => KeyEntry | undefined
  readonly digest: () => KeyDigest
  /** The entries of one bucket, in any order. */
  readonly bucket: (index: number) => Iterable<KeyEntry>
}

/** A table that is changed in place, entry by entry, and keeps its digest as it goes: for a fold over the log. */
export interface MutableKeyTable extends KeyTable {
  /** Replaces whatever stood under the entry's handle. */
  readonly put: (entry: KeyEntry) => void
  readonly clear: () => void
}

export const keyTable = (entries: Iterable<KeyEntry> = []): MutableKeyTable => {
  const buckets = Array.from({ length: BUCKET_COUNT }, () => new Map<KeyHandle, KeyEntry>())
  const sums = new Uint8Array(BUCKET_COUNT * LEAF_SIZE)
  let digest: KeyDigest | undefined

  const currentDigest = (): KeyDigest => ({
    buckets: buckets.map(({ size }, index) => ({
      count: size,
      sum: sums.slice(index * LEAF_SIZE, (index + 1) * LEAF_SIZE),
    })),
  })

  const table: MutableKeyTable = {
    get: (handle) => buckets[bucketOf(handle)]?.get(handle),
    digest: () => (digest ??= currentDigest()),
    bucket: (index) => buckets[index]?.values() ?? [],
    put: (entry) => {
      const index = bucketOf(entry.handle)
      const before = buckets[index]?.get(entry.handle)
      if (before !== undefined) addLeaf(sums, index * LEAF_SIZE, leafOf(before), -1)
      addLeaf(sums, index * LEAF_SIZE, leafOf(entry), 1)
      buckets[index]?.set(entry.handle, entry)
      digest = undefined
    },
    clear: () => {
      for (const bucket of buckets) bucket.clear()
      sums.fill(0)
      digest = undefined
    },
  }
  for (const entry of entries) table.put(entry)
  return table
}
