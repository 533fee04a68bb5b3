import { columns, HELP_ROW, type HelpRow, joined } from '../../shared/syntax/help.ts'
import { CLI_COMMANDS, CLI_GROUPS } from '../table.ts'

export const groupUsage = (program: string, path: ReadonlyArray<string>): string =>
  `Usage: ${joined(program, ...path, '<COMMAND>')}`

/** The commands and groups directly below `path`, by name. */
export const childrenOf = (path: ReadonlyArray<string>): ReadonlyArray<HelpRow> =>
  [...CLI_GROUPS, ...CLI_COMMANDS]
    .filter((entry) => entry.path.length === path.length + 1 && path.every((word, place) => entry.path[place] === word))
    .map((entry): HelpRow => [entry.path.at(-1) ?? '', entry.summary])
    .sort(([a], [b]) => (a < b ? -1 : 1))

const HELP_COMMAND: HelpRow = ['help', 'Print this message, or the help of a command']
const AT_THE_PROMPT: ReadonlyArray<HelpRow> = [HELP_COMMAND, ['quit', 'End the session']]
const OUTSIDE: ReadonlyArray<HelpRow> = [HELP_COMMAND, ['interactive', 'Read commands from a prompt']]

/** `program` is empty at the prompt, where its name is not typed. */
export const groupHelp = (program: string, path: ReadonlyArray<string>): string => {
  const own = path.length > 0 ? [] : program === '' ? AT_THE_PROMPT : OUTSIDE
  const group = CLI_GROUPS.find((entry) => entry.path.join(' ') === path.join(' '))
  const options: ReadonlyArray<HelpRow> =
    path.length === 0 && program !== '' ? [HELP_ROW, ['-V, --version', 'Print version']] : [HELP_ROW]
  const summary =
    group?.summary ?? "Manage the users and keys of a CloudHSM cluster: CloudHSM CLI's commands, on hsmlab"
  const commands = [...childrenOf(path), ...own].sort(([a], [b]) => (a < b ? -1 : 1))
  return `${summary}\n\n${groupUsage(program, path)}\n\nCommands:\n${columns(commands)}\n\nOptions:\n${columns(options)}\n`
}
