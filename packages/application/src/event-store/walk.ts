import * as E from 'fp-ts/lib/Either.js'
import type { KeyRange, KeyValueStore, StoreEntry, StoreFailure } from '@hsmlab/ports'
import type { VisitRecord } from './event-store.ts'
import type { LogDamaged, LogFlaw } from './failure.ts'
import { positionOfKey, recordKey } from './layout.ts'
import type { Parts } from './parts.ts'
import type { Head } from './record.ts'
import { type RecordVerifier, recordVerifier } from './verify.ts'

/** What is wrong with an entry that should hold the next record. */
const flawOf = ({ key, value }: StoreEntry, verifier: RecordVerifier): LogFlaw | undefined => {
  const position = positionOfKey(key)
  if (position === undefined) return 'malformed'
  return position === verifier.revision() ? verifier.check(value) : 'gap'
}

export const damaged = (position: number, what: LogFlaw): E.Either<LogDamaged, never> =>
  E.left({ _tag: 'LogDamaged', position, what })

/**
 * Follows the stored records of `range`. Answers whether it came to the end of it (true), or `visit` had enough
 * (false).
 */
export const walk = async (
  store: KeyValueStore,
  range: KeyRange,
  verifier: RecordVerifier,
  visit: VisitRecord,
): Promise<E.Either<StoreFailure | LogDamaged, boolean>> => {
  let what: LogFlaw | undefined
  let satisfied = false
  const visitRun = (entries: ReadonlyArray<StoreEntry>): boolean => {
    for (const entry of entries) {
      const position = verifier.revision()
      what = flawOf(entry, verifier)
      if (what !== undefined) return false
      satisfied = visit(position, entry.value) === false
      if (satisfied) return false
    }
    return true
  }
  const walked = await store.iterate(range, visitRun)()
  if (E.isLeft(walked)) return walked
  return what === undefined ? E.right(!satisfied) : damaged(verifier.revision(), what)
}

/** The head that the first `revision` records make, by the word of the last of them. */
export const headAt = async (
  parts: Parts,
  store: KeyValueStore,
  revision: number,
): Promise<E.Either<StoreFailure | LogDamaged, Head>> => {
  if (revision === 0) return E.right({ revision, hash: parts.genesis })
  const verifier = recordVerifier(parts, parts.mac, { revision: revision - 1 })
  const record = await store.get(recordKey(revision - 1))()
  if (E.isLeft(record)) return record
  if (record.right === undefined) return damaged(revision - 1, 'gap')
  const what = verifier.check(record.right)
  return what === undefined ? E.right(verifier.head()) : damaged(revision - 1, what)
}
