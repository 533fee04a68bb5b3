import type { Either } from 'fp-ts/lib/Either.js'
import type { ClusterId } from '@hsmlab/domain'
import type { Json } from '@hsmlab/event-sourcing'
import type { ClientMethods, LocalClient } from '@hsmlab/protocol/local'

/** An option as the table of commands names it, without its dashes. */
export type CliOption = Readonly<{
  name: string
  /** What stands for its value in help. */
  value: string
  summary: string
  required?: true
  /** The value may be left out: `[--password [<PASSWORD>]]`. */
  optionalValue?: true
  /** Takes all values up to the next option. */
  many?: true
  /** Takes no value. */
  flag?: true
  choices?: ReadonlyArray<string>
  /** What completes a value that is no choice. */
  suggestions?: ReadonlyArray<string>
}>

/** What was given: text, several texts, or true for a flag and for an option whose value was left out. */
export type CliArguments = Readonly<Record<string, string | ReadonlyArray<string> | true | undefined>>

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

/** What parsing and help need of a command. */
export type CommandSyntax = Readonly<{
  path: ReadonlyArray<string>
  summary: string
  options: ReadonlyArray<CliOption>
}>

export type CliCommand = CommandSyntax &
  Readonly<{
    /** In single-command mode, log in as CLOUDHSM_ROLE and CLOUDHSM_PIN say, first. */
    needsLogin: boolean
    run: (context: CommandContext, given: CliArguments) => Promise<CommandResult>
  }>

/** A family of commands: `user`, `key generate-symmetric`. */
export type CliGroup = Readonly<{ path: ReadonlyArray<string>; summary: string }>
