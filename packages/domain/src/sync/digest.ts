import { sha256 } from '@noble/hashes/sha2.js'
import { fromBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { KeyHandle } from '../identifiers.ts'
import type { KeyEntry } from './entry.ts'

export const BUCKET_COUNT = 256
/** Bytes of a bucket's sum and of an entry's leaf. */
export const LEAF_SIZE = 32

/**
 * A bucket: how many entries it holds, and the sum of their leaves modulo 2^256. A sum does not depend on the order, an
 * entry goes in and out of it in one step, and unlike XOR it is no linear map over bits, where any 257 entries hold a
 * subset that cancels out.
 */
export type Bucket = Readonly<{ count: number; sum: Uint8Array }>

/** What an HSM holds, in 256 buckets: two HSMs hold the same entries if and only if these are equal. */
export type KeyDigest = Readonly<{ buckets: ReadonlyArray<Bucket> }>

/** The bucket of a handle: the top byte of a Fibonacci hash, which spreads counters and lanes alike. */
export const bucketOf = (handle: KeyHandle): number => {
  const high = Math.imul(Math.floor(handle / 0x1_0000_0000), 0x85eb_ca6b)
  return Math.imul((handle | 0) ^ high, 0x9e37_79b1) >>> 24
}

/**
 * What stands for an entry in sums and listings: its MAC. The MAC is a pseudorandom function of the entry's bytes, the
 * same on every HSM of the lineage and known beforehand to nobody outside, so nobody can choose keys whose sum comes
 * out as wanted; and it costs nothing, for the entry carries it.
 */
export const leafOf = (entry: KeyEntry): Uint8Array => fromBase64(entry.mac)

const EMPTY_BUCKET: Bucket = { count: 0, sum: new Uint8Array(LEAF_SIZE) }

export const emptyDigest = (): KeyDigest => ({ buckets: Array.from({ length: BUCKET_COUNT }, () => EMPTY_BUCKET) })

/** Adds a leaf to the 32 bytes at `at`, or takes it away again, in place, modulo 2^256, big-endian. */
export const addLeaf = (sums: Uint8Array, at: number, leaf: Uint8Array, sign: 1 | -1): void => {
  let carry = 0
  for (let i = LEAF_SIZE - 1; i >= 0; i--) {
    const sum = (sums[at + i] ?? 0) + sign * (leaf[i] ?? 0) + carry
    sums[at + i] = sum & 0xff
    carry = sum >> 8
  }
}

const withChange = ({ buckets }: KeyDigest, entry: KeyEntry, sign: 1 | -1): KeyDigest => {
  const index = bucketOf(entry.handle)
  const before = buckets[index] ?? EMPTY_BUCKET
  const sum = Uint8Array.from(before.sum)
  addLeaf(sum, 0, leafOf(entry), sign)
  return { buckets: buckets.with(index, { count: before.count + sign, sum }) }
}

/** The digest once `entry` has come. What stood under its handle goes first, with `withoutEntry`. */
export const withEntry = (digest: KeyDigest, entry: KeyEntry): KeyDigest => withChange(digest, entry, 1)

/** The digest once `entry`, which it covers, has gone. */
export const withoutEntry = (digest: KeyDigest, entry: KeyEntry): KeyDigest => withChange(digest, entry, -1)

export const equalBuckets = (a: Bucket, b: Bucket): boolean =>
  a.count === b.count && a.sum.every((byte, i) => byte === b.sum[i])

/** The bytes of one bucket on the wire and under the root: count as u32, sum. */
export const BUCKET_SIZE = 4 + LEAF_SIZE

const ROOT_CONTEXT = utf8Bytes('hsmlab key digest 1\n')

/** SHA-256 over all buckets: one value that tells whether two HSMs hold the same token keys and tombstones. */
export const rootDigest = ({ buckets }: KeyDigest): Uint8Array => {
  const hash = sha256.create().update(ROOT_CONTEXT)
  const count = new Uint8Array(4)
  for (const bucket of buckets) {
    new DataView(count.buffer).setUint32(0, bucket.count)
    hash.update(count).update(bucket.sum)
  }
  return hash.digest()
}
