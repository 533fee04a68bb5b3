import type { CliCommand, CliGroup } from './command.ts'
import { clusterCommands } from './commands/cluster.ts'
import { keyCommands } from './commands/key.ts'
import { sessionCommands } from './commands/session.ts'
import { userCommands } from './commands/user.ts'

/** Every command of `cloudhsm-cli`: parsing, help and completion are made from this table. */
export const CLI_COMMANDS: ReadonlyArray<CliCommand> = [
  ...clusterCommands,
  ...keyCommands,
  ...sessionCommands,
  ...userCommands,
]

export const CLI_GROUPS: ReadonlyArray<CliGroup> = [
  { path: ['cluster'], summary: 'Look at a cluster, and activate it' },
  { path: ['key'], summary: 'Manage keys' },
  { path: ['key', 'generate-asymmetric-pair'], summary: 'Make a key pair' },
  { path: ['key', 'generate-symmetric'], summary: 'Make a symmetric key' },
  { path: ['user'], summary: 'Manage users' },
]
