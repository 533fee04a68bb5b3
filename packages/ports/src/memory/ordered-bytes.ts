import type { KeyRange, StoreEntry } from '../key-value-store.ts'

/** Bytes by bytes, kept in byte order. It copies what goes in and what comes out. */
export interface OrderedBytes {
  readonly put: (key: Uint8Array, value: Uint8Array) => void
  readonly del: (key: Uint8Array) => void
  readonly get: (key: Uint8Array) => Uint8Array | undefined
  readonly range: (range: KeyRange) => ReadonlyArray<StoreEntry>
  readonly copy: () => OrderedBytes
}

/** Less than 0, 0 or more than 0, as `a` comes before, at or after `b`. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** The first index of `entries` whose key is not before `key`. */
const lowerBound = (entries: ReadonlyArray<StoreEntry>, key: Uint8Array): number => {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const entry = entries[middle]
    if (entry !== undefined && compareBytes(entry.key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

const copied = ({ key, value }: StoreEntry): StoreEntry => ({ key: key.slice(), value: value.slice() })

export const orderedBytes = (initial: ReadonlyArray<StoreEntry> = []): OrderedBytes => {
  const entries: Array<StoreEntry> = initial.map(copied)
  const isAt = (index: number, key: Uint8Array): boolean => {
    const entry = entries[index]
    return entry !== undefined && compareBytes(entry.key, key) === 0
  }
  return {
    put: (key, value) => {
      const index = lowerBound(entries, key)
      entries.splice(index, isAt(index, key) ? 1 : 0, copied({ key, value }))
    },
    del: (key) => {
      const index = lowerBound(entries, key)
      if (isAt(index, key)) entries.splice(index, 1)
    },
    get: (key) => {
      const index = lowerBound(entries, key)
      return isAt(index, key) ? entries[index]?.value.slice() : undefined
    },
    range: ({ from, to, reverse = false, limit = Infinity }) => {
      const found = entries.slice(lowerBound(entries, from), lowerBound(entries, to))
      return (reverse ? found.reverse() : found).slice(0, limit).map(copied)
    },
    copy: () => orderedBytes(entries),
  }
}
