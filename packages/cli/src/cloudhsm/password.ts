import * as E from 'fp-ts/lib/Either.js'
import type { CommandContext } from './command.ts'
import type { CliArguments } from '../shared/syntax/syntax.ts'
import { textOf } from '../shared/syntax/given.ts'

type Password = Promise<E.Either<string, string>>

const NOBODY_ANSWERED = E.left('No password was given')

/** The password of `--password`, or one typed unseen. */
export const knownPassword = async ({ readSecret }: CommandContext, given: CliArguments): Password => {
  const password = textOf(given, 'password') ?? (await readSecret('Enter password: '))
  return password === undefined ? NOBODY_ANSWERED : E.right(password)
}

/** The password of `--password`, or one typed unseen, twice the same. */
export const newPassword = async ({ readSecret }: CommandContext, given: CliArguments): Password => {
  const password = textOf(given, 'password')
  if (password !== undefined) return E.right(password)
  const typed = await readSecret('Enter password: ')
  if (typed === undefined) return NOBODY_ANSWERED
  const confirmed = await readSecret('Confirm password: ')
  if (confirmed === undefined) return NOBODY_ANSWERED
  return typed === confirmed ? E.right(typed) : E.left('The passwords do not match')
}
