import { invariant } from './invariant.ts'

/** What canonical JSON can hold. Bytes travel as base64 text, big numbers as decimal text. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json | undefined }

const encodeNumber = (value: number): string => {
  invariant(Number.isFinite(value), 'canonical JSON holds finite numbers only')
  return JSON.stringify(value)
}

/**
 * The one text of a value: keys sorted by UTF-16 code unit, no white space, members that are undefined left out
 * (RFC 8785 for the values we use). Two states are the same if and only if their canonical texts are the same.
 */
export const canonicalJson = (value: Json): string => {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return encodeNumber(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .flatMap((key) => {
      const member = value[key]
      return member === undefined ? [] : [`${JSON.stringify(key)}:${canonicalJson(member)}`]
    })
  return `{${members.join(',')}}`
}

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)
