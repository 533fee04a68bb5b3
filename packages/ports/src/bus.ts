import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'

/** A dot-separated name without wildcards, as NATS subjects: `[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*`. */
export type Subject = string & { readonly Subject: unique symbol }

export const subject = (...parts: ReadonlyArray<string>): Subject => parts.join('.') as Subject

/**
 * What every bus carries in one message. A longer one is nowhere received: a request finds no responder, an answer is
 * none, a datagram is lost, the feed refuses it.
 */
export const MESSAGE_BYTES_MAX = 1_000_000

export type RequestFailure =
  /** Nobody serves the subject: the request was not received by anyone. */
  | Tagged<'NoResponder'>
  /** No answer in time: it may have been received, and acted on. */
  | Tagged<'RequestTimedOut'>
  /** The connection broke while the request was under way: it may have been received, and acted on. */
  | Tagged<'OutcomeUnknown', { cause?: unknown }>

/** Ends a subscription; nothing is delivered after it returns. */
export type Unsubscribe = () => void

/** Question and answer. */
export interface Requests {
  readonly request: (to: Subject, message: Uint8Array, timeoutMillis: number) => TaskEither<RequestFailure, Uint8Array>
  /** Answers requests. A handler that rejects answers nothing: the asker times out. One server a subject. */
  readonly serve: (at: Subject, answer: (message: Uint8Array) => Promise<Uint8Array>) => Unsubscribe
}

/**
 * Messages without an answer: may be lost, doubled or late, never altered by accident. Delivery is never synchronous
 * with `send`, and the receiver gets bytes of its own.
 */
export interface Datagrams {
  readonly send: (to: Subject, message: Uint8Array) => void
  readonly listen: (at: Subject, receive: (message: Uint8Array) => void) => Unsubscribe
}

export type FeedFailure = Tagged<'FeedUnavailable', { cause?: unknown }> | Tagged<'FeedFull', { cause?: unknown }>

/** `message` carries positions `from` to `to` (inclusive, counted from 0) of the stream's log. */
export type FeedEntry = Readonly<{ from: number; to: number; message: Uint8Array }>

/**
 * Published runs of a log. At least once, in order of publication, and it may lose all it has: whoever follows it
 * checks positions, and asks the owner of the log for what is missing.
 */
export interface Feed {
  /** Kept by the feed when it answers. Publishing the same run again changes nothing. */
  readonly publish: (stream: Subject, entry: FeedEntry) => TaskEither<FeedFailure, void>
  /** Delivers each entry that reaches `from` or beyond, then those to come; the next one waits for `receive`. */
  readonly follow: (stream: Subject, from: number, receive: (entry: FeedEntry) => Promise<void>) => Unsubscribe
}

export type Bus = Requests & Datagrams & Feed

export type HasBus = Readonly<{ bus: Bus }>
