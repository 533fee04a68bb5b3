import * as E from 'fp-ts/lib/Either.js'
import type { LogName } from '@hsmlab/protocol/local'
import type { Problem } from '../outcome.ts'

/** Sees one record's payload, in order; false ends the reading. */
export type VisitPayload = (position: number, payload: Uint8Array) => boolean

/** The canonical state of a live log after `length` records. */
export type LiveState = Readonly<{ length: number; bytes: Uint8Array }>

/**
 * One log to fold again. `read` visits the payloads from the first one on, each checked (hash chain, and MAC where the
 * key is at hand) before it is seen.
 */
export type LogSource = Readonly<{
  log: LogName
  read: (length: number | undefined, visit: VisitPayload) => Promise<E.Either<Problem, void>>
  /** What the owner holds in memory; `undefined` when there is no owner. */
  live: (() => Promise<E.Either<Problem, LiveState>>) | undefined
}>

/** All logs of an instance, running or not. */
export type Logs = Readonly<{ isRunning: boolean; sources: ReadonlyArray<LogSource> }>
