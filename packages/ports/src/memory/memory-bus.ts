import { invariant } from '@hsmlab/event-sourcing'
import * as E from 'fp-ts/lib/Either.js'
import {
  type Bus,
  type Datagrams,
  MESSAGE_BYTES_MAX,
  type RequestFailure,
  type Requests,
  type Subject,
} from '../bus.ts'
import type { Clock } from '../clock.ts'
import { type Copying, copying } from './copying.ts'
import { type DeliveryQueue, deliveryQueue } from './delivery-queue.ts'
import { type FeedRetention, memoryFeed } from './memory-feed.ts'

const FEED_RETENTION: FeedRetention = { entriesMax: 4096, bytesMax: 16 * 1024 * 1024 }

export type MemoryBusOptions = Readonly<{
  /** Measures the time-outs of requests. */
  clock: Clock
  /**
   * Lets the event loop turn, then calls back: `setImmediate` in a product. Without it deliveries are microtasks only,
   * and two sides that answer each other for ever keep timers and sockets waiting.
   */
  turn?: (run: () => void) => void
  /** Per stream; default 4,096 entries and 16 MiB. */
  feedRetention?: FeedRetention
}>

/** `loseFeed` forgets every entry of the feed, as a feed is allowed to do at any time. */
export type MemoryBus = Bus & Readonly<{ loseFeed: () => void }>

const memoryDatagrams = ({ put }: DeliveryQueue, copy: Copying): Datagrams => {
  const receiversOf = new Map<Subject, Set<(message: Uint8Array) => void>>()

  /** Each delivery stands in the queue by itself, so that one that throws does not stop the others. */
  const deliver = (receive: (message: Uint8Array) => void, receivers: Set<unknown>, message: Uint8Array): void =>
    put(() => {
      if (receivers.has(receive)) receive(message)
    })

  return {
    send: (to, message) => {
      const receivers = receiversOf.get(to)
      if (receivers === undefined || message.length > MESSAGE_BYTES_MAX) return
      for (const receive of receivers) deliver(receive, receivers, copy(message))
    },
    listen: (at, receive) => {
      const receivers = receiversOf.get(at) ?? new Set()
      const receiver = (message: Uint8Array): void => receive(message)
      receiversOf.set(at, receivers.add(receiver))
      return () => {
        receivers.delete(receiver)
        if (receivers.size === 0 && receiversOf.get(at) === receivers) receiversOf.delete(at)
      }
    },
  }
}

const memoryRequests = (clock: Clock, { put }: DeliveryQueue, copy: Copying): Requests => {
  type Answer = (message: Uint8Array) => Promise<Uint8Array>
  const servers = new Map<Subject, Answer>()

  const ask = async (
    to: Subject,
    question: Uint8Array,
    settle: (result: E.Either<RequestFailure, Uint8Array>) => void,
  ) => {
    const answer = servers.get(to)
    if (answer === undefined || question.length > MESSAGE_BYTES_MAX) return settle(E.left({ _tag: 'NoResponder' }))
    try {
      const reply = await answer(question)
      if (reply.length <= MESSAGE_BYTES_MAX) settle(E.right(copy(reply)))
    } catch {
      // A server that rejects answers nothing: the asker times out.
    }
  }

  return {
    request: (to, message, timeoutMillis) => () =>
      new Promise((resolve) => {
        const cancel = clock.after(timeoutMillis, () => resolve(E.left({ _tag: 'RequestTimedOut' })))
        const settle = (result: E.Either<RequestFailure, Uint8Array>): void => {
          cancel()
          resolve(result)
        }
        const question = copy(message)
        put(() => void ask(to, question, settle))
      }),
    serve: (at, answer) => {
      invariant(!servers.has(at), `${at} has a server already`)
      servers.set(at, answer)
      return () => {
        if (servers.get(at) === answer) servers.delete(at)
      }
    },
  }
}

/**
 * The bus inside one process. It loses and alters nothing, delivers in order of sending, and copies bytes as a network
 * would. Delivery is never synchronous with `send`; it comes with the microtasks that follow.
 */
export const memoryBus = ({ clock, turn, feedRetention = FEED_RETENTION }: MemoryBusOptions): MemoryBus => {
  const queue = deliveryQueue(turn)
  const copy = copying()
  return {
    ...memoryDatagrams(queue, copy),
    ...memoryRequests(clock, queue, copy),
    ...memoryFeed(feedRetention, queue, copy),
  }
}
