import * as E from 'fp-ts/lib/Either.js'
import { type Username, UsernameCodec } from '@hsmlab/domain'
import { Role } from '@hsmlab/protocol'
import type { CliArguments } from '../../shared/syntax/syntax.ts'
import { decodedOf } from '../../shared/syntax/given.ts'

/** `--username` and `--role`. */
export const userArguments = (given: CliArguments): E.Either<string, Readonly<{ username: Username; role: Role }>> => {
  const username = decodedOf(given, 'username', UsernameCodec, '1 to 31 letters, digits and underscores')
  if (E.isLeft(username)) return username
  const role = decodedOf(given, 'role', Role, 'admin or crypto-user')
  return E.isLeft(role) ? role : E.right({ username: username.right, role: role.right })
}
