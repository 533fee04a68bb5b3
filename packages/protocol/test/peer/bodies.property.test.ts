import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { BUCKET_COUNT, emptyDigest, type KeyEntry, type KeyHandle, withEntry } from '@hsmlab/domain'
import { keyEntries, keyHandle } from '@hsmlab/domain/arbitrary'
import {
  decodeBuckets,
  decodeDigest,
  decodeFetched,
  decodeHandles,
  decodeListing,
  decodeListRequest,
  encodeBuckets,
  encodeDigest,
  encodeEntry,
  encodeFetched,
  encodeHandles,
  encodeListing,
  encodeListRequest,
  FETCH_HANDLES_MAX,
  LISTED_LEAF_SIZE,
} from '../../src/peer/bodies.ts'

const bucket = fc.integer({ min: 0, max: BUCKET_COUNT - 1 })
const rising = fc.uniqueArray(bucket).map((buckets) => buckets.sort((a, b) => a - b))
const decoders = [decodeBuckets, decodeDigest, decodeFetched, decodeHandles, decodeListing, decodeListRequest]

testProp('a digest survives the wire', [keyEntries(6)], (t, entries: ReadonlyArray<KeyEntry>) => {
  const digest = entries.reduce(withEntry, emptyDigest())
  t.deepEqual(decodeDigest(encodeDigest(digest)), digest)
})

testProp('bucket numbers survive the wire', [rising], (t, buckets) => {
  t.deepEqual(decodeBuckets(encodeBuckets(buckets)), buckets)
})

testProp('a list request survives the wire', [rising, bucket, fc.maxSafeNat()], (t, buckets, at, handle) => {
  const request = { buckets, after: { bucket: at, handle } }
  t.deepEqual(decodeListRequest(encodeListRequest(request)), request)
})

const listed = fc.record({
  handle: keyHandle,
  generation: fc.maxSafeNat(),
  leaf: fc.uint8Array({ minLength: LISTED_LEAF_SIZE, maxLength: LISTED_LEAF_SIZE }),
})

testProp('a listing survives the wire', [fc.array(listed), fc.boolean()], (t, entries, more) => {
  t.deepEqual(decodeListing(encodeListing({ listed: entries, more })), { listed: entries, more })
})

testProp('handles survive the wire', [fc.array(keyHandle)], (t, handles) => {
  t.deepEqual(decodeHandles(encodeHandles(handles)), handles)
})

testProp('entries survive the wire', [keyEntries(6), fc.nat(9)], (t, entries, answered) => {
  t.deepEqual(decodeFetched(encodeFetched(answered, entries.map(encodeEntry))), { answered, entries })
})

testProp('random bytes never throw', [fc.uint8Array({ maxLength: 200 })], (t, bytes) => {
  for (const decode of decoders) t.notThrows(() => decode(bytes))
})

test('buckets that do not rise are refused', (t) => {
  t.is(decodeBuckets(Uint8Array.of(1, 1)), undefined)
  t.is(decodeBuckets(Uint8Array.of(2, 1)), undefined)
})

test('more handles than one question may name are refused', (t) => {
  const handles = Array.from({ length: FETCH_HANDLES_MAX + 1 }, (_, i) => (i + 1) as KeyHandle)
  t.is(decodeHandles(encodeHandles(handles)), undefined)
  t.is(decodeHandles(encodeHandles(handles.slice(1)))?.length, FETCH_HANDLES_MAX)
})

test('an entry that is no key, no tombstone or no JSON spoils the answer', (t) => {
  for (const text of ['{}', 'null', '{"handle":0}', '{', '\u00ff']) {
    t.is(decodeFetched(encodeFetched(1, [new TextEncoder().encode(text)])), undefined)
  }
})
