import * as E from 'fp-ts/lib/Either.js'
import {
  type Bucket,
  BUCKET_COUNT,
  type KeyDigest,
  type KeyEntry,
  KeyEntryCodec,
  type KeyHandle,
  KeyHandleCodec,
  LEAF_SIZE,
} from '@hsmlab/domain'
import { canonicalJson, parseJsonBytes, utf8Bytes } from '@hsmlab/event-sourcing'
import { byteReader, byteWriter } from '../session/bytes.ts'

/** How many handles one `fetch` may name. */
export const FETCH_HANDLES_MAX = 4_096
/** Bytes of a leaf that a listing shows: enough to tell entries of one handle apart. */
export const LISTED_LEAF_SIZE = 16
/** Bytes of an entry in a listing. */
export const LISTED_SIZE = 8 + 8 + LISTED_LEAF_SIZE

/** A place in the order of listings: by bucket, then by handle. */
export type ListPosition = Readonly<{ bucket: number; handle: number }>
/** Before every entry: no handle is 0. */
export const LIST_START: ListPosition = { bucket: 0, handle: 0 }

export type Listed = Readonly<{ handle: KeyHandle; generation: number; leaf: Uint8Array }>
export type ListRequest = Readonly<{ buckets: ReadonlyArray<number>; after: ListPosition }>
export type Listing = Readonly<{ listed: ReadonlyArray<Listed>; more: boolean }>
/** `answered` of the handles asked for, counted from the first, are dealt with; entries of handles unknown are missing. */
export type Fetched = Readonly<{ answered: number; entries: ReadonlyArray<KeyEntry> }>

/** `compare`: count and sum of all 256 buckets. */
export const encodeDigest = ({ buckets }: KeyDigest): Uint8Array => {
  const writer = byteWriter(BUCKET_COUNT * (4 + LEAF_SIZE))
  for (const { count, sum } of buckets) writer.u32(count).raw(sum)
  return writer.finish()
}

export const decodeDigest = (body: Uint8Array): KeyDigest | undefined => {
  const reader = byteReader(body)
  const buckets: Bucket[] = []
  for (let i = 0; i < BUCKET_COUNT; i++) buckets.push({ count: reader.u32(), sum: reader.raw(LEAF_SIZE) })
  return reader.finished() ? { buckets } : undefined
}

/** `compared`: the numbers of the buckets that differ, rising, one byte each. */
export const encodeBuckets = (buckets: ReadonlyArray<number>): Uint8Array => Uint8Array.from(buckets)

export const decodeBuckets = (body: Uint8Array): ReadonlyArray<number> | undefined => {
  const buckets = [...body]
  return buckets.every((bucket, i) => i === 0 || bucket > (buckets[i - 1] ?? 0)) ? buckets : undefined
}

/** `list`: which buckets, and after which entry to go on. */
export const encodeListRequest = ({ buckets, after }: ListRequest): Uint8Array =>
  byteWriter(BUCKET_COUNT + 16)
    .u8(after.bucket)
    .u64(after.handle)
    .bytes(encodeBuckets(buckets))
    .finish()

export const decodeListRequest = (body: Uint8Array): ListRequest | undefined => {
  const reader = byteReader(body)
  const after = { bucket: reader.u8(), handle: reader.u64() }
  const buckets = decodeBuckets(reader.bytes())
  return buckets !== undefined && reader.finished() ? { buckets, after } : undefined
}

/** `listed`: handle, generation and leaf of entries. */
export const encodeListing = ({ listed, more }: Listing): Uint8Array => {
  const writer = byteWriter(1 + listed.length * LISTED_SIZE).u8(more ? 1 : 0)
  for (const { handle, generation, leaf } of listed) {
    writer.u64(handle).u64(generation).raw(leaf.subarray(0, LISTED_LEAF_SIZE))
  }
  return writer.finish()
}

export const decodeListing = (body: Uint8Array): Listing | undefined => {
  const reader = byteReader(body)
  const more = reader.u8()
  const listed: Listed[] = []
  while (reader.remaining() > 0 && !reader.failed()) {
    const handle = reader.u64()
    if (!KeyHandleCodec.is(handle)) return undefined
    listed.push({ handle, generation: reader.u64(), leaf: reader.raw(LISTED_LEAF_SIZE) })
  }
  return reader.finished() && more <= 1 ? { listed, more: more === 1 } : undefined
}

/** `fetch`: handles. */
export const encodeHandles = (handles: ReadonlyArray<KeyHandle>): Uint8Array => {
  const writer = byteWriter(handles.length * 8)
  for (const handle of handles) writer.u64(handle)
  return writer.finish()
}

export const decodeHandles = (body: Uint8Array): ReadonlyArray<KeyHandle> | undefined => {
  if (body.length > FETCH_HANDLES_MAX * 8) return undefined
  const reader = byteReader(body)
  const handles: KeyHandle[] = []
  while (reader.remaining() > 0 && !reader.failed()) {
    const handle = reader.u64()
    if (!KeyHandleCodec.is(handle)) return undefined
    handles.push(handle)
  }
  return reader.finished() ? handles : undefined
}

/** One entry of `fetched`: canonical JSON, so that it arrives as the bytes its MAC covers. */
export const encodeEntry = (entry: KeyEntry): Uint8Array => utf8Bytes(canonicalJson(entry))

const decodeEntry = (bytes: Uint8Array): KeyEntry | undefined => {
  const entry = KeyEntryCodec.decode(parseJsonBytes(bytes))
  return E.isRight(entry) ? entry.right : undefined
}

/** `fetched`: how many handles are dealt with, and entries as `encodeEntry` gives them. */
export const encodeFetched = (answered: number, entries: ReadonlyArray<Uint8Array>): Uint8Array => {
  const writer = byteWriter(entries.reduce((size, entry) => size + 4 + entry.length, 4)).u32(answered)
  for (const entry of entries) writer.bytes(entry)
  return writer.finish()
}

export const decodeFetched = (body: Uint8Array): Fetched | undefined => {
  const reader = byteReader(body)
  const answered = reader.u32()
  const entries: KeyEntry[] = []
  while (reader.remaining() > 0 && !reader.failed()) {
    const entry = decodeEntry(reader.bytes())
    if (entry === undefined) return undefined
    entries.push(entry)
  }
  return reader.finished() ? { answered, entries } : undefined
}
