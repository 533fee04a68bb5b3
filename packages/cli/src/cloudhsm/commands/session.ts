import * as E from 'fp-ts/lib/Either.js'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { Username } from '@hsmlab/domain'
import type { Role } from '@hsmlab/protocol'
import type { CliCommand, CommandContext, CommandResult } from '../command.ts'
import { CLUSTER_ID, PASSWORD, ROLE, USERNAME } from '../options.ts'
import { knownPassword } from '../password.ts'
import { ask } from './ask.ts'
import { userArguments } from './user-arguments.ts'

/** Logs in on all HSMs of the cluster. */
export const login = async (
  context: CommandContext,
  username: Username,
  role: Role,
  password: string,
): Promise<CommandResult> => {
  const answer = await ask(context, 'login', { username, role, password: toBase64(utf8Bytes(password)) })
  if (E.isLeft(answer)) return answer
  context.noteLogin(answer.right)
  return E.right({ username: answer.right.username, role: answer.right.role })
}

export const sessionCommands: ReadonlyArray<CliCommand> = [
  {
    path: ['login'],
    summary: 'Log in to the HSMs of the cluster',
    needsLogin: false,
    options: [CLUSTER_ID, USERNAME, ROLE, PASSWORD],
    run: async (context, given) => {
      const user = userArguments(given)
      if (E.isLeft(user)) return user
      const password = await knownPassword(context, given)
      if (E.isLeft(password)) return password
      return login(context, user.right.username, user.right.role, password.right)
    },
  },
  {
    path: ['logout'],
    summary: 'Log out from the HSMs of the cluster',
    needsLogin: false,
    options: [CLUSTER_ID],
    run: async (context) => {
      const answer = await ask(context, 'logout', {})
      if (E.isLeft(answer)) return answer
      context.noteLogin(undefined)
      return E.right('Logout successful')
    },
  },
]
