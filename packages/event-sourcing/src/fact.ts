import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { canonicalJson, type Json } from './canonical-json.ts'
import { parseJsonBytes } from './parse-json.ts'
import { quickDecoder } from './quick-decoder.ts'
import { utf8Bytes } from './utf8.ts'
import type { DecodeError, EventCodec } from './versioned.ts'

/** What happened, and when: `at` in microseconds of Unix time. */
export type Fact<Event> = Readonly<{ at: number; event: Event }>

export type FactCodec<Event> = Readonly<{
  /** The record of a log: canonical JSON, UTF-8. */
  encode: (fact: Fact<Event>) => Uint8Array
  /** Reads every version that was ever written. */
  decode: (record: Uint8Array) => E.Either<DecodeError, Fact<Event>>
}>

const decodeStored = quickDecoder(t.strict({ at: t.number, type: t.string, version: t.number, data: t.unknown }))

/** How facts lie on a log; `name` stands in the errors of records that are none. */
export const factCodec = <Event>(name: string, events: EventCodec<Event>): FactCodec<Event> => ({
  encode: ({ at, event }) => {
    const { type, version, data } = events.encode(event)
    return utf8Bytes(canonicalJson({ at, data, type, version }))
  },
  decode: (record) => {
    const stored = decodeStored(parseJsonBytes(record))
    if (E.isLeft(stored)) return E.left({ _tag: 'Malformed', type: name, paths: [] })
    const { at, type, version, data } = stored.right
    const event = events.decode({ type, version, data: data as Json })
    return E.isLeft(event) ? event : E.right({ at, event: event.right })
  },
})
