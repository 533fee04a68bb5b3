import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { toBase64 } from '@hsmlab/event-sourcing'
import {
  BUCKET_COUNT,
  bucketOf,
  emptyDigest,
  type KeyEntry,
  type KeyHandle,
  keyTable,
  rootDigest,
  withEntry,
  withoutEntry,
} from '../../src/index.ts'
import { entriesOfOneHandle, keyEntries, keyHandle, plainRecord } from '../../src/arbitrary/index.ts'

const digestOf = (entries: ReadonlyArray<KeyEntry>) => entries.reduce(withEntry, emptyDigest())
const shuffled = keyEntries(12).chain((entries) =>
  fc.tuple(fc.constant(entries), fc.shuffledSubarray([...entries], { minLength: entries.length })),
)

testProp('a digest does not depend on the order of entries', [shuffled], (t, [entries, others]) => {
  t.deepEqual(digestOf(entries), digestOf(others))
  t.deepEqual(rootDigest(digestOf(entries)), rootDigest(digestOf(others)))
})

testProp('an entry that comes and goes leaves no trace', [shuffled], (t, [entries, others]) => {
  t.deepEqual(others.reduce(withoutEntry, digestOf(entries)), emptyDigest())
})

testProp('an entry more, less or other is another root', [keyEntries(12)], (t, entries) => {
  const all = rootDigest(digestOf(entries))
  for (const left of entries) {
    t.notDeepEqual(rootDigest(digestOf(entries.filter((entry) => entry !== left))), all)
  }
  t.pass()
})

testProp(
  'a table keeps the digest of what it holds',
  [keyEntries(12), entriesOfOneHandle(3)],
  (t, entries, versions) => {
    const table = keyTable([...entries, ...versions])
    const [last] = versions.slice(-1)
    const held = [...entries.filter(({ handle }) => handle !== last?.handle), ...versions.slice(-1)]
    t.deepEqual(table.digest(), digestOf(held))
    t.deepEqual(
      held.map(({ handle }) => table.get(handle)),
      held,
    )
    const listed = Array.from({ length: BUCKET_COUNT }, (_, index) => [...table.bucket(index)]).flat()
    t.is(listed.length, held.length)
    t.true(listed.every((entry) => held.includes(entry)))
  },
)

testProp('every handle has a bucket', [keyHandle], (t, handle) => {
  const bucket = bucketOf(handle)
  t.true(Number.isInteger(bucket) && bucket >= 0 && bucket < BUCKET_COUNT)
})

test('handles of three lanes spread evenly over the buckets', (t) => {
  const counts = Array.from({ length: BUCKET_COUNT }, () => 0)
  for (const lane of [1, 2, 77]) {
    for (let counter = 1; counter <= 5_000; counter++) {
      const bucket = bucketOf((lane * 2 ** 24 + counter) as KeyHandle)
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
  }
  t.true(Math.max(...counts) < 2 * (15_000 / BUCKET_COUNT))
})

test('leaves are added as numbers of 256 bits: a carry goes on, and past the end it is lost', (t) => {
  const entry = plainRecord(1 as KeyHandle)
  const withMac = (handle: number, mac: ReadonlyArray<number>): KeyEntry => ({
    ...entry,
    handle: handle as KeyHandle,
    mac: toBase64(Uint8Array.from(mac)),
  })
  const neighbour = Array.from({ length: 1_000 }, (_, i) => i + 2).find(
    (handle) => bucketOf(handle as KeyHandle) === bucketOf(1 as KeyHandle),
  )
  const sumOf = (one: ReadonlyArray<number>, other: ReadonlyArray<number>) =>
    digestOf([withMac(1, one), withMac(neighbour ?? 0, other)]).buckets[bucketOf(1 as KeyHandle)]
  const of32 = (first: number, rest: number, last: number) => [first, ...Array.from({ length: 30 }, () => rest), last]
  t.deepEqual(sumOf(of32(0, 0xff, 0xff), of32(0, 0, 1)), { count: 2, sum: Uint8Array.from(of32(1, 0, 0)) })
  t.deepEqual(sumOf(of32(0xff, 0xff, 0xff), of32(0, 0, 2)), { count: 2, sum: Uint8Array.from(of32(0, 0, 1)) })
})
