import type { KeyHandle } from '../identifiers.ts'
import { BUCKET_COUNT, bucketOf, emptyDigest, type KeyDigest, withEntry, withoutEntry } from './digest.ts'
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
  const bucketWith = (handle: KeyHandle) => buckets[bucketOf(handle)]
  let digest = emptyDigest()
  const table: MutableKeyTable = {
    get: (handle) => bucketWith(handle)?.get(handle),
    digest: () => digest,
    bucket: (index) => buckets[index]?.values() ?? [],
    put: (entry) => {
      const bucket = bucketWith(entry.handle)
      const before = bucket?.get(entry.handle)
      digest = withEntry(before === undefined ? digest : withoutEntry(digest, before), entry)
      bucket?.set(entry.handle, entry)
    },
    clear: () => {
      for (const bucket of buckets) bucket.clear()
      digest = emptyDigest()
    },
  }
  for (const entry of entries) table.put(entry)
  return table
}
