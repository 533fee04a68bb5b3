import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import type { Json } from './canonical-json.ts'
import type { Message, Tagged } from './message.ts'
import { quickDecoder } from './quick-decoder.ts'

/** An event as it lies on the log. */
export type StoredEvent = Readonly<{ type: string; version: number; data: Json }>

export type DecodeError =
  | Tagged<'UnknownType', { type: string }>
  | Tagged<'UnknownVersion', { type: string; version: number }>
  /** `paths` name the members that do not fit, never their values. */
  | Tagged<'Malformed', { type: string; paths: ReadonlyArray<string> }>

/** How a shape that is no longer written becomes the next one. */
export type Upcast = Readonly<{ from: number; read: (data: unknown) => E.Either<t.Errors, unknown> }>

export const upcast = <Old, New>(from: number, codec: t.Type<Old, unknown>, change: (old: Old) => New): Upcast => ({
  from,
  read: (data) => {
    const old = codec.decode(data)
    return E.isLeft(old) ? old : E.right(change(old.right))
  },
})

/** The codec of one event type: writes today's version, reads every version there ever was. */
export type VersionedCodec<Type extends string, Data> = Readonly<{
  type: Type
  version: number
  encode: (data: Data) => StoredEvent
  decode: (stored: StoredEvent) => E.Either<DecodeError, Message<Type, Data & object>>
}>

const pathsOf = (errors: t.Errors): ReadonlyArray<string> =>
  errors.map((error) => error.context.map(({ key }) => key).join('.'))

/** `upcasts` come oldest first, one per old version; each gives the shape of the version that follows it. */
export const versioned = <Type extends string, Data extends object>(
  type: Type,
  version: number,
  codec: t.Type<Data, unknown>,
  upcasts: ReadonlyArray<Upcast> = [],
): VersionedCodec<Type, Data> => {
  const decodeData = quickDecoder(codec)
  const decode = (stored: StoredEvent): E.Either<DecodeError, Message<Type, Data>> => {
    let data: unknown = stored.data
    let at = stored.version
    while (at < version) {
      const step = upcasts.find(({ from }) => from === at)
      if (step === undefined) return E.left({ _tag: 'UnknownVersion', type, version: stored.version })
      const next = step.read(data)
      if (E.isLeft(next)) return E.left({ _tag: 'Malformed', type, paths: pathsOf(next.left) })
      data = next.right
      at += 1
    }
    if (at > version) return E.left({ _tag: 'UnknownVersion', type, version: stored.version })
    const decoded = decodeData(data)
    return E.isLeft(decoded)
      ? E.left({ _tag: 'Malformed', type, paths: pathsOf(decoded.left) })
      : E.right({ type, ...decoded.right })
  }
  return { type, version, encode: (data) => ({ type, version, data: codec.encode(data) as Json }), decode }
}

/** The codec of all events of one aggregate. */
export type EventCodec<Event> = Readonly<{
  encode: (event: Event) => StoredEvent
  decode: (stored: StoredEvent) => E.Either<DecodeError, Event>
}>

/** The codec of one of `Event`'s members, of which only the name is known. */
type AnyVersionedCodec<Event> = Readonly<{
  type: string
  encode: (event: never) => StoredEvent
  decode: (stored: StoredEvent) => E.Either<DecodeError, Event>
}>

/** Joins the codecs of an aggregate's events into one. */
export const eventCodec = <Event extends { readonly type: string }>(
  codecs: ReadonlyArray<AnyVersionedCodec<Event>>,
): EventCodec<Event> => {
  const byType = new Map(codecs.map((codec) => [codec.type, codec]))
  return {
    encode: (event) => {
      const codec = byType.get(event.type)
      if (codec === undefined) throw new Error(`invariant broken: no codec for event ${event.type}`)
      return codec.encode(event as never)
    },
    decode: (stored) => {
      const codec = byType.get(stored.type)
      if (codec === undefined) return E.left({ _tag: 'UnknownType', type: stored.type })
      return codec.decode(stored)
    },
  }
}
