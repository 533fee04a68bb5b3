import * as E from 'fp-ts/lib/Either.js'
import { type ClusterId, ClusterIdCodec } from '@hsmlab/domain'
import type { ClientMethods, LocalClient } from '@hsmlab/protocol/local'
import type { CliCommand, CliLogin, CommandContext, CommandResult } from './command.ts'
import type { CliArguments } from '../shared/syntax/syntax.ts'
import { decodedOf, textOf } from '../shared/syntax/given.ts'

/** What lasts over the commands of one process. */
export interface CliSession {
  readonly client: LocalClient<ClientMethods>
  /** Runs one command; a rejection of ours would be a mistake of ours. */
  readonly run: (command: CliCommand, given: CliArguments) => Promise<CommandResult>
  readonly context: (clusterId: ClusterId | undefined) => CommandContext
  readonly logins: ReadonlyMap<ClusterId | undefined, CliLogin>
  /** The product went away: nobody is logged in any more. */
  readonly forgetLogins: () => void
}

export const cliSession = (
  client: LocalClient<ClientMethods>,
  defaultClusterId: ClusterId | undefined,
  readSecret: (prompt: string) => Promise<string | undefined>,
): CliSession => {
  const logins = new Map<ClusterId | undefined, CliLogin>()
  const context = (clusterId: ClusterId | undefined): CommandContext => ({
    client,
    clusterId,
    login: () => logins.get(clusterId),
    noteLogin: (login) => {
      if (login === undefined) logins.delete(clusterId)
      else logins.set(clusterId, login)
    },
    readSecret,
  })
  return {
    client,
    context,
    logins,
    forgetLogins: () => logins.clear(),
    run: async (command, given) => {
      if (textOf(given, 'cluster-id') === undefined) return command.run(context(defaultClusterId), given)
      const clusterId = decodedOf(given, 'cluster-id', ClusterIdCodec, 'cluster- and 11 to 16 letters and digits')
      return E.isLeft(clusterId) ? clusterId : command.run(context(clusterId.right), given)
    },
  }
}
