import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'

/** Whether a value comes out of a codec as it went in: nothing missing, nothing wrong, nothing beyond it. */
type Fit = (value: unknown) => boolean

type Member = Readonly<{ key: string; fit: Fit; isRequired: boolean }>
/** What kind of codec this is, as io-ts tells it; codecs made by hand have no tag. */
type Tagged = t.Any &
  Readonly<{
    _tag?: string
    type?: Tagged
    types?: ReadonlyArray<Tagged>
    props?: Readonly<Record<string, Tagged>>
    domain?: Tagged
    codomain?: Tagged
  }>

const NEVER: Fit = () => false
const LEAVES: ReadonlyArray<string | undefined> = [
  'StringType',
  'NumberType',
  'BooleanType',
  'NullType',
  'KeyofType',
  'LiteralType',
  'UnknownType',
]

const isLeaf = ({ _tag }: Tagged): boolean => LEAVES.includes(_tag)
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isBare = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || Object.keys(value).length === 0

/** The members of a codec that keeps no others; `undefined` for a codec of any other kind. */
const exactMembers = (codec: Tagged): ReadonlyArray<Member> | undefined => {
  if (codec._tag === 'IntersectionType') {
    const parts = (codec.types ?? []).map(exactMembers)
    const members = parts.flatMap((part) => part ?? [])
    const isDisjoint = new Set(members.map(({ key }) => key)).size === members.length
    return isDisjoint && parts.every((part) => part !== undefined) ? members : undefined
  }
  const inner = codec._tag === 'ExactType' ? codec.type : undefined
  if (inner?._tag !== 'InterfaceType' && inner?._tag !== 'PartialType') return undefined
  const isRequired = inner._tag === 'InterfaceType'
  return Object.entries(inner.props ?? {}).map(([key, member]) => ({ key, fit: exactFit(member), isRequired }))
}

const fitMembers =
  (members: ReadonlyArray<Member>): Fit =>
  (value) => {
    if (!isObject(value)) return false
    let present = 0
    for (const { key, fit, isRequired } of members) {
      const member = value[key]
      if (member === undefined) {
        if (isRequired) return false
      } else {
        if (!fit(member)) return false
        present += 1
      }
    }
    return Object.keys(value).length === present
  }

/** A plain walk that says yes only where `codec.decode` would give its input back unchanged. */
const exactFit = (codec: t.Any): Fit => {
  const tagged = codec as Tagged
  if (isLeaf(tagged)) return (value) => tagged.is(value)
  // Made by hand: what it would take away can only stand in an object that holds something.
  if (tagged._tag === undefined) return (value) => isBare(value) && tagged.is(value)
  const members = exactMembers(tagged)
  if (members !== undefined) return fitMembers(members)
  const { _tag, type, types, domain, codomain } = tagged
  if ((_tag === 'ArrayType' || _tag === 'ReadonlyArrayType') && type !== undefined) {
    const fit = exactFit(type)
    return (value) => Array.isArray(value) && value.every(fit)
  }
  if (_tag === 'DictionaryType' && domain?._tag === 'StringType' && codomain !== undefined) {
    const fit = exactFit(codomain)
    return (value) => isObject(value) && Object.values(value).every(fit)
  }
  // An object may fit a later member of a union, and yet be cut down to an earlier one.
  if (_tag === 'UnionType' && types?.every(isLeaf) === true) return (value) => types.some((each) => each.is(value))
  return NEVER
}

/**
 * `codec.decode`, in a fraction of its time for a value that comes out as it went in: as nearly all do of a log that is
 * read by the hundred thousand. Decoding itself has the word where something is missing, wrong or too much, and where
 * the kind of codec is not known here. Asks of codecs made by hand that whatever satisfies their `is` passes their
 * `decode` unchanged.
 */
export const quickDecoder = <A>(codec: t.Type<A, unknown>): ((value: unknown) => E.Either<t.Errors, A>) => {
  const fits = exactFit(codec)
  return (value) => (fits(value) ? E.right(value as A) : codec.decode(value))
}
