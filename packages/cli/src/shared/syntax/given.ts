import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import type { CliArguments } from './syntax.ts'

/** The text of an option that takes one; `undefined` when it, or its value, was left out. */
export const textOf = (given: CliArguments, name: string): string | undefined => {
  const value = given[name]
  return typeof value === 'string' ? value : undefined
}

/** All values of an option that takes several. */
export const textsOf = (given: CliArguments, name: string): ReadonlyArray<string> => {
  const value = given[name]
  if (value === undefined || value === true) return []
  return typeof value === 'string' ? [value] : value
}

/** The option's value as `codec` reads it, or a sentence that names the option and not the value. */
export const decodedOf = <A>(
  given: CliArguments,
  name: string,
  codec: t.Type<A, unknown>,
  rule: string,
): E.Either<string, A> => {
  const decoded = codec.decode(textOf(given, name))
  return E.isRight(decoded) ? decoded : E.left(`Invalid value for --${name}: ${rule}`)
}

/** A whole number from `least` to `most`; `undefined` when the option was left out. */
export const countOf = (
  given: CliArguments,
  name: string,
  least: number,
  most: number,
): E.Either<string, number | undefined> => {
  const text = textOf(given, name)
  if (text === undefined) return E.right(undefined)
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return E.right(value)
  return E.left(`Invalid value for --${name}: a whole number from ${least} to ${most}`)
}
