import * as E from 'fp-ts/lib/Either.js'
import { UsernameCodec } from '@hsmlab/domain'
import { Role } from '@hsmlab/protocol'
import type { Environment } from '../shared/data-directory.ts'
import type { CliCommand, CommandResult } from './command.ts'
import type { CliArguments } from '../shared/syntax/syntax.ts'
import { login } from './commands/session.ts'
import { ClusterIdCodec } from '@hsmlab/domain'
import { textOf } from '../shared/syntax/given.ts'
import type { CliSession } from './session.ts'

const CREDENTIALS_MISSING =
  'This command needs a login: set CLOUDHSM_ROLE to admin or crypto-user, and CLOUDHSM_PIN to <user>:<password>'

/** Logs in as `CLOUDHSM_ROLE` and `CLOUDHSM_PIN` say ("Single command mode"). */
const logInFromEnvironment = async (
  session: CliSession,
  given: CliArguments,
  environment: Environment,
): Promise<CommandResult> => {
  const role = Role.decode(environment['CLOUDHSM_ROLE'])
  const pin = environment['CLOUDHSM_PIN'] ?? ''
  const separator = pin.indexOf(':')
  const username = UsernameCodec.decode(pin.slice(0, Math.max(separator, 0)))
  if (E.isLeft(role) || E.isLeft(username)) return E.left(CREDENTIALS_MISSING)
  const clusterId = ClusterIdCodec.decode(textOf(given, 'cluster-id'))
  const context = session.context(E.isRight(clusterId) ? clusterId.right : undefined)
  return login(context, username.right, role.right, pin.slice(separator + 1))
}

/** Runs one command as a process of its own. The end of the connection is the logout. */
export const runSingleCommand = async (
  session: CliSession,
  command: CliCommand,
  given: CliArguments,
  environment: Environment,
): Promise<CommandResult> => {
  if (command.needsLogin) {
    const loggedIn = await logInFromEnvironment(session, given, environment)
    if (E.isLeft(loggedIn)) return loggedIn
  }
  return session.run(command, given)
}
