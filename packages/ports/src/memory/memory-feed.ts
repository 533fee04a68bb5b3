import * as E from 'fp-ts/lib/Either.js'
import {
  type Feed,
  type FeedEntry,
  type FeedFailure,
  MESSAGE_BYTES_MAX,
  type Subject,
  type Unsubscribe,
} from '../bus.ts'
import type { Copying } from './copying.ts'
import type { DeliveryQueue } from './delivery-queue.ts'

/** The oldest entries of a stream are dropped past either limit. */
export type FeedRetention = Readonly<{ entriesMax: number; bytesMax: number }>

export type MemoryFeed = Feed & Readonly<{ loseFeed: () => void }>

/** `dropped` entries once stood before `entries[0]`: a follower's place is a count from the beginning of time. */
type Stream = { entries: FeedEntry[]; bytes: number; dropped: number; readonly wake: Set<() => void> }

const emptyStream = (): Stream => ({ entries: [], bytes: 0, dropped: 0, wake: new Set() })

const dropOldest = (stream: Stream, count: number): void => {
  for (const entry of stream.entries.splice(0, count)) stream.bytes -= entry.message.length
  stream.dropped += count
}

const isKept = (stream: Stream, { from, to }: FeedEntry): boolean => {
  const last = stream.entries.at(-1)
  if (last === undefined || from > last.to) return false
  return stream.entries.some((kept) => kept.from === from && kept.to === to)
}

const keep = (stream: Stream, entry: FeedEntry, retention: FeedRetention, copy: Copying): void => {
  stream.entries.push({ ...entry, message: copy(entry.message) })
  stream.bytes += entry.message.length
  while (stream.entries.length > retention.entriesMax || stream.bytes > retention.bytesMax) dropOldest(stream, 1)
}

/** Hands entries over one by one; a receiver that rejects has had its entry, and gets the next one all the same. */
const followStream = (
  stream: Stream,
  first: number,
  receive: (entry: FeedEntry) => Promise<void>,
  { put }: DeliveryQueue,
  copy: Copying,
): Unsubscribe => {
  let place = 0
  let busy = false
  let stopped = false

  const takeNext = (): FeedEntry | undefined => {
    place = Math.max(place, stream.dropped)
    for (;;) {
      const entry = stream.entries[place - stream.dropped]
      if (entry === undefined) return undefined
      place += 1
      if (entry.to >= first) return entry
    }
  }

  const run = async (): Promise<void> => {
    if (busy) return
    busy = true
    for (let entry = stopped ? undefined : takeNext(); entry !== undefined; entry = stopped ? undefined : takeNext()) {
      try {
        await receive({ ...entry, message: copy(entry.message) })
      } catch {
        // Its own fault: whoever follows finds what it missed by its positions.
      }
    }
    busy = false
  }

  const wake = (): void => put(() => void run())
  stream.wake.add(wake)
  wake()
  return () => {
    stopped = true
    stream.wake.delete(wake)
  }
}

const tooLong: FeedFailure = { _tag: 'FeedUnavailable', cause: `an entry holds at most ${MESSAGE_BYTES_MAX} bytes` }

/** Runs of logs, kept in this process within `retention`.  */
export const memoryFeed = (retention: FeedRetention, queue: DeliveryQueue, copy: Copying): MemoryFeed => {
  const streams = new Map<Subject, Stream>()
  const streamOf = (name: Subject): Stream => {
    const stream = streams.get(name) ?? emptyStream()
    streams.set(name, stream)
    return stream
  }
  return {
    publish: (name, entry) => () => {
      if (entry.message.length > MESSAGE_BYTES_MAX) return Promise.resolve(E.left(tooLong))
      const stream = streamOf(name)
      if (!isKept(stream, entry)) {
        keep(stream, entry, retention, copy)
        for (const wake of stream.wake) wake()
      }
      return Promise.resolve(E.right(undefined))
    },
    follow: (name, from, receive) => followStream(streamOf(name), from, receive, queue, copy),
    loseFeed: () => {
      for (const stream of streams.values()) dropOldest(stream, stream.entries.length)
    },
  }
}
