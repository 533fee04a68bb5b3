import type { Either } from 'fp-ts/lib/Either.js'
import type { ClusterId } from '@hsmlab/domain'
import type { Json } from '@hsmlab/event-sourcing'
import type { ClientMethods, LocalClient } from '@hsmlab/protocol/local'
import type { CliArguments, CommandSyntax } from '../shared/syntax/syntax.ts'

/** `data` of the envelope: what succeeded, or why it did not. */
export type CommandResult = Either<string, Json>

export type CliRole = 'admin' | 'crypto-user' | 'unactivated-admin'
export type CliLogin = Readonly<{ username: string; role: CliRole }>

/** What a command runs with. */
export interface CommandContext {
  readonly client: LocalClient<ClientMethods>
  readonly clusterId: ClusterId | undefined
  /** Who is logged in through this process, as far as it knows. */
  readonly login: () => CliLogin | undefined
  readonly noteLogin: (login: CliLogin | undefined) => void
  /** Asks without showing what is typed; `undefined` when nobody answers. */
  readonly readSecret: (prompt: string) => Promise<string | undefined>
}

export type CliCommand = CommandSyntax &
  Readonly<{
    /** In single-command mode, log in as CLOUDHSM_ROLE and CLOUDHSM_PIN say, first. */
    needsLogin: boolean
    run: (context: CommandContext, given: CliArguments) => Promise<CommandResult>
  }>

/** A family of commands: `user`, `key generate-symmetric`. */
export type CliGroup = Readonly<{ path: ReadonlyArray<string>; summary: string }>
