import * as E from 'fp-ts/lib/Either.js'
import { decodeClusterFact, decodeHsmFact } from '@hsmlab/domain'
import { LogName } from '@hsmlab/protocol/local'
import type { Problem } from '../outcome.ts'
import type { Logs, LogSource } from './log-source.ts'

/** A place in history: a moment, or so many records of one log. */
export type Place =
  Readonly<{ _tag: 'time'; atMicros: number }> | Readonly<{ _tag: 'position'; log: LogName; length: number }>

const invalid = (text: string): E.Either<Problem, never> =>
  E.left({
    code: 'InvalidArgument',
    message: `${text} is no place in history: give a time (2026-05-17T09:00:01Z), a number of records of the controller's log (120), or of an HSM's (hsm-abcdefghijk:120)`,
  })

const wholeNumber = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined)

/** Reads `--at`. A date without a time zone means UTC. */
export const placeOf = (text: string): E.Either<Problem, Place> => {
  const controller = wholeNumber(text)
  if (controller !== undefined) return E.right({ _tag: 'position', log: 'controller', length: controller })
  const separator = text.lastIndexOf(':')
  const log = LogName.decode(text.slice(0, Math.max(separator, 0)))
  const length = wholeNumber(text.slice(separator + 1))
  if (E.isRight(log))
    return length === undefined ? invalid(text) : E.right({ _tag: 'position', log: log.right, length })
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return invalid(text)
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) || !text.includes('T') ? text : `${text}Z`
  const millis = Date.parse(zoned)
  return Number.isNaN(millis) ? invalid(text) : E.right({ _tag: 'time', atMicros: millis * 1000 })
}

const timeOf = (source: LogSource, payload: Uint8Array): number => {
  const fact: E.Either<unknown, Readonly<{ at: number }>> = source.log === 'controller'
    ? decodeClusterFact(payload)
    : decodeHsmFact(payload)
  return E.isRight(fact) ? fact.right.at : 0
}

/** The moment of a place: that of the last of its records. */
export const momentOf = async ({ sources }: Logs, place: Place): Promise<E.Either<Problem, number>> => {
  if (place._tag === 'time') return E.right(place.atMicros)
  const { log, length } = place
  const source = sources.find((each) => each.log === log)
  if (source === undefined) return E.left({ code: 'LogUnknown', message: `There is no log of ${log} here.` })
  let atMicros = 0
  let seen = 0
  const read = await source.read(undefined, (_position, payload) => {
    if (seen >= length) return false
    seen += 1
    atMicros = timeOf(source, payload)
    return true
  })
  if (E.isLeft(read)) return read
  if (seen < length) {
    return E.left({ code: 'BeyondTheEnd', message: `The log of ${log} holds ${seen} records, not ${length}.` })
  }
  return E.right(atMicros)
}
