import test from 'ava'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import {
  changeAttributes,
  changeShare,
  type HsmId,
  type KeyHandle,
  type KeyRecord,
  type Merge,
  mergeEntry,
  newKeyRecord,
  sharedWith,
  signed,
  supersededText,
  tombstoneOf,
  type Username,
  writeStamp,
} from '../../src/index.ts'
import { plainRecord, sampleLineage } from '../../src/arbitrary/index.ts'

const { hmac } = sampleLineage
const handle = 0x100_0001 as KeyHandle
const first = 'hsm-aaaaaaaaaaa' as HsmId
const second = 'hsm-bbbbbbbbbbb' as HsmId
const at = (micros: number, hsmId: HsmId) => writeStamp({ micros, counter: 0, hsmId })
const label = (text: string) => ({ CKA_LABEL: toBase64(utf8Bytes(text)) })
const made = plainRecord(handle, 'as made')
const nextGeneration = signed<KeyRecord>(hmac, { ...made, generation: 2 })

const merge = (mine: Parameters<typeof mergeEntry>[0], theirs: Parameters<typeof mergeEntry>[1]) =>
  mergeEntry(mine, theirs, sampleLineage)
const entryOf = (merged: Merge) => (merged.kind === 'changed' ? merged.entry : undefined)
const recordOf = (merged: Merge) => entryOf(merged) as KeyRecord
const supersededIn = (merged: Merge) => (merged.kind === 'changed' ? merged.superseded.map(supersededText) : undefined)

test('a first copy is taken as it is', (t) => {
  t.deepEqual(merge(undefined, made), { kind: 'changed', entry: made, superseded: [] })
})

test('a change that followed what stands here is taken, and supersedes nothing', (t) => {
  const once = changeAttributes(hmac, made, label('once'), at(1, first))
  const twice = changeAttributes(hmac, once, label('twice'), at(2, second))
  t.deepEqual(merge(once, twice), { kind: 'changed', entry: twice, superseded: [] })
  t.deepEqual(merge(twice, once), { kind: 'unchanged' })
})

test('of two changes that did not see each other the lower is superseded, on whichever HSM they meet', (t) => {
  const lower = changeAttributes(hmac, made, label('lower'), at(1, first))
  const higher = changeAttributes(hmac, made, label('higher'), at(2, second))
  const expected = [`CKA_LABEL ${label('lower').CKA_LABEL} of ${at(1, first)} by ${at(2, second)}`]
  t.deepEqual(supersededIn(merge(lower, higher)), expected)
  t.deepEqual(supersededIn(merge(higher, lower)), expected)
  t.is(recordOf(merge(lower, higher)).mutable.CKA_LABEL, label('higher').CKA_LABEL)
})

test('what was superseded once is not news again', (t) => {
  const lower = changeAttributes(hmac, made, label('lower'), at(1, first))
  const higher = changeAttributes(hmac, made, label('higher'), at(2, second))
  const met = recordOf(merge(higher, lower))
  t.deepEqual(supersededIn(merge(lower, met)), [])
  t.deepEqual(merge(met, lower), { kind: 'unchanged' })
})

test('changes of different attributes and shares both stand', (t) => {
  const labelled = changeAttributes(hmac, made, label('new'), at(1, first))
  const shared = changeShare(hmac, made, 'user2' as Username, true, at(1, second))
  const both = recordOf(merge(labelled, shared))
  t.is(both.mutable.CKA_LABEL, label('new').CKA_LABEL)
  t.deepEqual(sharedWith(both), ['user2'])
  t.deepEqual(supersededIn(merge(labelled, shared)), [])
})

test('a share given at creation and taken back elsewhere supersedes nothing', (t) => {
  const shares = { user2: { shared: true, stamp: at(1, first) } }
  const created = newKeyRecord(hmac, made, shares)
  const unshared = changeShare(hmac, created, 'user2' as Username, false, at(2, second))
  t.deepEqual(merge(created, unshared), { kind: 'changed', entry: unshared, superseded: [] })
})

test('a share that was taken back later stays back', (t) => {
  const shared = changeShare(hmac, made, 'user2' as Username, true, at(1, first))
  const unshared = changeShare(hmac, shared, 'user2' as Username, false, at(2, first))
  t.deepEqual(sharedWith(recordOf(merge(shared, unshared))), [])
  t.deepEqual(merge(unshared, shared), { kind: 'unchanged' })
})

test('a key that became unextractable stays so against a later stamp', (t) => {
  const locked = changeAttributes(hmac, made, { CKA_EXTRACTABLE: false }, at(1, first))
  const later = changeAttributes(hmac, made, { CKA_EXTRACTABLE: true, ...label('later') }, at(9, second))
  const both = recordOf(merge(locked, later))
  t.false(both.mutable.CKA_EXTRACTABLE)
  t.is(both.mutable.CKA_LABEL, label('later').CKA_LABEL)
})

test('a tombstone ends the key, and a late copy does not bring it back', (t) => {
  const tombstone = tombstoneOf(hmac, made, at(5, first))
  t.deepEqual(entryOf(merge(made, tombstone)), tombstone)
  t.deepEqual(merge(tombstone, changeAttributes(hmac, made, label('later'), at(9, second))), { kind: 'unchanged' })
})

test('a key that was deleted twice bears the first tombstone', (t) => {
  const one = tombstoneOf(hmac, made, at(5, first))
  const other = tombstoneOf(hmac, made, at(6, second))
  t.deepEqual(merge(one, other), { kind: 'unchanged' })
  t.deepEqual(entryOf(merge(other, one)), one)
})

test('a new generation stands over a tombstone of the old one, and over the old key', (t) => {
  const tombstone = tombstoneOf(hmac, made, at(5, first))
  t.deepEqual(entryOf(merge(tombstone, nextGeneration)), nextGeneration)
  t.deepEqual(entryOf(merge(made, nextGeneration)), nextGeneration)
  t.deepEqual(merge(nextGeneration, tombstone), { kind: 'unchanged' })
  t.deepEqual(merge(nextGeneration, made), { kind: 'unchanged' })
})

test('another key under a used handle is refused by name', (t) => {
  const other = signed<KeyRecord>(hmac, { ...made, sealed: toBase64(utf8Bytes('another key')) })
  const why = { _tag: 'HandleTaken', handle, generation: 1 } as const
  t.deepEqual(merge(made, other), { kind: 'refused', why })
})

test('the same key with another owner is another key', (t) => {
  const stolen = signed<KeyRecord>(hmac, { ...made, owner: 'mallory' as Username })
  t.is(merge(made, stolen).kind, 'refused')
})

test('a key of a foreign lineage is refused by name', (t) => {
  const foreign = signed<KeyRecord>(hmac, { ...made, maskingKeyId: 'masking-key-2' })
  const why = { _tag: 'ForeignLineage', maskingKeyId: 'masking-key-2' } as const
  t.deepEqual(merge(undefined, foreign), { kind: 'refused', why })
})

test('a record that was altered on its way is refused', (t) => {
  const altered = { ...made, mutable: { ...made.mutable, CKA_EXTRACTABLE: false } }
  t.deepEqual(merge(undefined, altered), { kind: 'refused', why: { _tag: 'MacInvalid' } })
  t.deepEqual(merge(made, altered), { kind: 'refused', why: { _tag: 'MacInvalid' } })
})

test('a tombstone that nobody with the masking key made is refused', (t) => {
  const forged = { ...tombstoneOf(hmac, made, at(5, first)), stamp: at(4, first) }
  t.deepEqual(merge(made, forged), { kind: 'refused', why: { _tag: 'MacInvalid' } })
})

test('session keys are not taken from other HSMs', (t) => {
  const sessionKey = signed<KeyRecord>(hmac, { ...made, fixed: { ...made.fixed, CKA_TOKEN: false } })
  t.deepEqual(merge(undefined, sessionKey), { kind: 'refused', why: { _tag: 'NotATokenKey', handle } })
})
