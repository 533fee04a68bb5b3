import { invariant } from './invariant.ts'

/** What canonical JSON can hold. Bytes travel as base64 text, big numbers as decimal text. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json | undefined }

/**
 * The one text of a value: keys sorted by UTF-16 code unit, no white space, members that are undefined left out
 * (RFC 8785 for the values we use). Two states are the same if and only if their canonical texts are the same.
 */
export const canonicalJson = (value: Json): string => (isInOrder(value) ? JSON.stringify(value) : sortedJson(value))

/** Whether the members already come in canonical order, as in all that was read from canonical text: then JSON's is it. */
const isInOrder = (value: Json): boolean => {
  if (typeof value === 'number') invariant(Number.isFinite(value), 'canonical JSON holds finite numbers only')
  if (typeof value !== 'object' || value === null) return true
  if (isList(value)) return value.every(isInOrder)
  let previous: string | undefined
  for (const key of Object.keys(value)) {
    if (previous !== undefined && key < previous) return false
    previous = key
    const member = value[key]
    if (member !== undefined && !isInOrder(member)) return false
  }
  return true
}

const sortedJson = (value: Json): string => {
  if (typeof value !== 'object' || value === null) return canonicalJson(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  let members = ''
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member === undefined) continue
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`
  }
  return `{${members}}`
}

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)
