import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { LocalUser } from '@hsmlab/protocol/local'
import type { CliCommand, CommandContext, CommandResult } from '../command.ts'
import type { CliArguments } from '../../shared/syntax/syntax.ts'
import { CLUSTER_ID, PASSWORD, ROLE, USERNAME } from '../options.ts'
import { newPassword } from '../password.ts'
import { ask } from './ask.ts'
import { userArguments } from './user-arguments.ts'

const userView = ({ username, role, locked, coverage }: t.TypeOf<typeof LocalUser>) => ({
  username,
  role,
  locked,
  mfa: [],
  quorum: [],
  'cluster-coverage': coverage,
})

/** Gives a new or an existing user a password. */
const setPassword =
  (method: 'createUser' | 'changePassword') =>
  async (context: CommandContext, given: CliArguments): Promise<CommandResult> => {
    const user = userArguments(given)
    if (E.isLeft(user)) return user
    const password = await newPassword(context, given)
    if (E.isLeft(password)) return password
    const answer = await ask(context, method, { ...user.right, password: toBase64(utf8Bytes(password.right)) })
    return E.isLeft(answer) ? answer : E.right(user.right)
  }

export const userCommands: ReadonlyArray<CliCommand> = [
  {
    path: ['user', 'change-password'],
    summary: "Change a user's password, which also unlocks the user",
    needsLogin: true,
    options: [CLUSTER_ID, USERNAME, ROLE, PASSWORD],
    run: setPassword('changePassword'),
  },
  {
    path: ['user', 'create'],
    summary: 'Create a user on all HSMs of the cluster',
    needsLogin: true,
    options: [CLUSTER_ID, USERNAME, ROLE, PASSWORD],
    run: setPassword('createUser'),
  },
  {
    path: ['user', 'delete'],
    summary: 'Delete a user from all HSMs of the cluster',
    needsLogin: true,
    options: [CLUSTER_ID, USERNAME, ROLE],
    run: async (context, given) => {
      const user = userArguments(given)
      if (E.isLeft(user)) return user
      const answer = await ask(context, 'deleteUser', user.right)
      return E.isLeft(answer) ? answer : E.right(user.right)
    },
  },
  {
    path: ['user', 'list'],
    summary: 'List the users of the cluster',
    needsLogin: false,
    options: [CLUSTER_ID],
    run: async (context) => {
      const answer = await ask(context, 'listUsers', {})
      return E.isLeft(answer) ? answer : E.right({ users: answer.right.users.map(userView) })
    },
  },
]
