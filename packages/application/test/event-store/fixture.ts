import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Disk } from '@hsmlab/ports'
import type { EventStore } from '../../src/event-store/event-store.ts'
import type { OpenFailure } from '../../src/event-store/failure.ts'
import { openEventStore, type OpenOptions } from '../../src/event-store/open-event-store.ts'
import { payloadOf } from '../../src/event-store/record.ts'

export const primitives = { sha256: (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest()) }
export const env = { primitives }
export const macKey = new Uint8Array(32).fill(7)

export const open = (disk: Disk, options: Partial<OpenOptions> = {}): Promise<Either<OpenFailure, EventStore>> =>
  openEventStore({ disk, primitives }, { create: false, macKey, identity: 'hsm-one', ...options })()

/** The right value, for steps that a test takes for granted. */
export const right = <Result>(result: Either<{ readonly _tag: string }, Result>): Result => {
  if (E.isLeft(result)) throw new Error(`unexpected ${JSON.stringify(result.left)}`)
  return result.right
}
export const left = <Failure>(result: Either<Failure, unknown>): Failure | 'no failure' =>
  E.isLeft(result) ? result.left : 'no failure'

export const create = async (disk: Disk, options: Partial<OpenOptions> = {}): Promise<EventStore> =>
  right(await open(disk, { create: true, ...options }))

export const reopen = async (disk: Disk): Promise<EventStore> => right(await open(disk))

export const payload = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (record: Uint8Array): string => new TextDecoder().decode(payloadOf(record))

/** Appends one command of `texts`, and waits until it is durable. */
export const append = async (log: EventStore, ...texts: ReadonlyArray<string>) => {
  const appended = right(log.append(log.speculativeHead().revision, texts.map(payload)))
  return right(await appended.durable())
}

export const texts = async (log: EventStore, from = 0, to = Infinity): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  right(await log.read(from, to, (_, record) => void found.push(textOf(record)))())
  return found
}
