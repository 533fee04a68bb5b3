import { canonicalJson, invariant, type Tagged } from '@hsmlab/event-sourcing'
import type { KeyRecord, Tombstone } from '../key/key-record.ts'
import { entryMac, isTombstone, type KeyEntry, macHolds } from './entry.ts'
import type { Lineage } from './lineage.ts'
import { joinRecords, type Superseded } from './merge-record.ts'

/** Why a copy is not taken; what stands stays as it is. */
export type MergeRefusal =
  /** Sealed under the masking key of another cluster. */
  | Tagged<'ForeignLineage', { maskingKeyId: string }>
  /** Altered, or made by someone without the masking key. */
  | Tagged<'MacInvalid'>
  /** Another key than the one that has this handle and generation. */
  | Tagged<'HandleTaken', { handle: number; generation: number }>
  /** Session keys stay on the HSM that made them. */
  | Tagged<'NotATokenKey', { handle: number }>

export type Merge =
  | Readonly<{ kind: 'unchanged' }>
  /** `entry` is what stands under the handle from now on: the only thing, be it record or tombstone. */
  | Readonly<{ kind: 'changed'; entry: KeyEntry; superseded: ReadonlyArray<Superseded> }>
  | Readonly<{ kind: 'refused'; why: MergeRefusal }>

const UNCHANGED: Merge = { kind: 'unchanged' }

/**
 * What becomes of a handle when a copy from another HSM arrives. The newer generation stands; within a generation a
 * tombstone ends the key, of two tombstones the first one stands, and two records are joined change by change. Merging
 * is commutative, associative and idempotent, so HSMs that have exchanged everything hold the same bytes, in whatever
 * order it came. Copies are checked first: see `MergeRefusal`. `mine` has been checked when it came.
 */
export const mergeEntry = (mine: KeyEntry | undefined, theirs: KeyEntry, { maskingKeyId, hmac }: Lineage): Merge => {
  invariant(mine === undefined || mine.handle === theirs.handle, 'what stands under one handle is merged')
  if (mine !== undefined && mine.mac === theirs.mac && canonicalJson(mine) === canonicalJson(theirs)) return UNCHANGED
  if (theirs.maskingKeyId !== maskingKeyId) {
    return { kind: 'refused', why: { _tag: 'ForeignLineage', maskingKeyId: theirs.maskingKeyId } }
  }
  if (!macHolds(hmac, theirs)) return { kind: 'refused', why: { _tag: 'MacInvalid' } }
  if (!isTombstone(theirs) && !theirs.fixed.CKA_TOKEN) {
    return { kind: 'refused', why: { _tag: 'NotATokenKey', handle: theirs.handle } }
  }
  if (mine === undefined || theirs.generation > mine.generation) return taken(theirs)
  if (theirs.generation < mine.generation) return UNCHANGED
  if (isTombstone(theirs)) return isTombstone(mine) ? mergeTombstones(mine, theirs) : taken(theirs)
  return isTombstone(mine) ? UNCHANGED : mergeRecords(mine, theirs, hmac)
}

const taken = (entry: KeyEntry): Merge => ({ kind: 'changed', entry, superseded: [] })

const mergeTombstones = (mine: Tombstone, theirs: Tombstone): Merge =>
  theirs.stamp < mine.stamp ? taken(theirs) : UNCHANGED

/** All that never changes in a generation: two records are copies of one key if and only if these are equal. */
const identity = ({ owner, fixed, sealed, maskingKeyId }: KeyRecord): string =>
  canonicalJson({ owner, fixed, sealed, maskingKeyId })

const mergeRecords = (mine: KeyRecord, theirs: KeyRecord, hmac: Lineage['hmac']): Merge => {
  const { handle, generation } = mine
  if (identity(mine) !== identity(theirs)) {
    return { kind: 'refused', why: { _tag: 'HandleTaken', handle, generation } }
  }
  const { record, superseded } = joinRecords(mine, theirs)
  const mac = entryMac(hmac, record)
  return mac === mine.mac ? UNCHANGED : { kind: 'changed', entry: { ...record, mac }, superseded }
}
