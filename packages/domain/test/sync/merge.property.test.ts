import { fc, testProp } from '@fast-check/ava'
import { canonicalJson } from '@hsmlab/event-sourcing'
import { isTombstone, type KeyEntry, macHolds, mergeEntry } from '../../src/index.ts'
import { entriesOfOneHandle, sampleLineage } from '../../src/arbitrary/index.ts'

/** What stands after `theirs` came; the generated copies are of one key per generation, so none is refused. */
const join = (mine: KeyEntry | undefined, theirs: KeyEntry): KeyEntry => {
  const merge = mergeEntry(mine, theirs, sampleLineage)
  if (merge.kind === 'changed') return merge.entry
  if (mine === undefined || merge.kind === 'refused') throw new Error(`no entry: ${canonicalJson(merge)}`)
  return mine
}

const joinAll = (entries: ReadonlyArray<KeyEntry>): KeyEntry | undefined =>
  entries.reduce<KeyEntry | undefined>((mine, theirs) => join(mine, theirs), undefined)

testProp('the order of two copies does not matter', [entriesOfOneHandle(2)], (t, entries) => {
  const [a, b] = entries as [KeyEntry, KeyEntry]
  t.is(canonicalJson(join(a, b)), canonicalJson(join(b, a)))
})

testProp('how copies are grouped does not matter', [entriesOfOneHandle(3)], (t, entries) => {
  const [a, b, c] = entries as [KeyEntry, KeyEntry, KeyEntry]
  t.is(canonicalJson(join(join(a, b), c)), canonicalJson(join(a, join(b, c))))
})

testProp('a copy that came twice changes nothing', [entriesOfOneHandle(2)], (t, entries) => {
  const [a, b] = entries as [KeyEntry, KeyEntry]
  t.deepEqual(mergeEntry(a, a, sampleLineage), { kind: 'unchanged' })
  t.deepEqual(mergeEntry(join(a, b), b, sampleLineage), { kind: 'unchanged' })
})

testProp(
  'many copies give the same bytes in any order, repeated or not',
  [
    entriesOfOneHandle(6).chain((entries) =>
      fc.tuple(fc.constant(entries), fc.shuffledSubarray([...entries, ...entries], { minLength: 12 })),
    ),
  ],
  (t, [entries, shuffled]) => {
    t.is(canonicalJson(joinAll(entries) ?? null), canonicalJson(joinAll(shuffled) ?? null))
  },
)

testProp('what a merge leaves bears a valid MAC', [entriesOfOneHandle(3)], (t, entries) => {
  const joined = joinAll(entries)
  t.true(joined !== undefined && macHolds(sampleLineage.hmac, joined))
})

testProp('a tombstone outlives every copy of its own and older generations', [entriesOfOneHandle(6)], (t, entries) => {
  const joined = joinAll(entries)
  const deleted = Math.max(0, ...entries.filter(isTombstone).map(({ generation }) => generation))
  t.true(joined !== undefined && (isTombstone(joined) || joined.generation > deleted))
})

testProp('one-way attributes never go back', [entriesOfOneHandle(4)], (t, entries) => {
  const joined = joinAll(entries)
  fc.pre(joined !== undefined && !isTombstone(joined))
  const copies = entries.flatMap((each) => (isTombstone(each) || each.generation !== joined.generation ? [] : [each]))
  t.is(
    joined.mutable.CKA_EXTRACTABLE,
    copies.every(({ mutable }) => mutable.CKA_EXTRACTABLE),
  )
  t.is(
    joined.mutable.CKA_MODIFIABLE,
    copies.every(({ mutable }) => mutable.CKA_MODIFIABLE),
  )
  t.is(
    joined.mutable.CKA_WRAP_WITH_TRUSTED,
    copies.some(({ mutable }) => mutable.CKA_WRAP_WITH_TRUSTED),
  )
})
