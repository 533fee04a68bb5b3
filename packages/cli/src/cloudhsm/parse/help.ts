import type { CliOption, CommandSyntax } from '../command.ts'
import { CLI_COMMANDS, CLI_GROUPS } from '../table.ts'

type Row = readonly [left: string, right: string]

const HELP_ROW: Row = ['-h, --help', 'Print help']

const columns = (rows: ReadonlyArray<Row>): string => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join('\n')
}

/** `--username <USERNAME>`, as usage lines and errors name it. */
export const optionSyntax = ({ name, value, flag, optionalValue, many }: CliOption): string => {
  if (flag) return `--${name}`
  if (optionalValue) return `--${name} [<${value}>]`
  return many ? `--${name} <${value}>...` : `--${name} <${value}>`
}

const optionRow = (option: CliOption): Row => {
  const choices = option.choices === undefined ? '' : ` [possible values: ${option.choices.join(', ')}]`
  return [`    ${optionSyntax(option)}`, `${option.summary}${choices}`]
}

const joined = (...parts: ReadonlyArray<string>): string => parts.filter((part) => part !== '').join(' ')

export const commandUsage = (program: string, { path, options }: CommandSyntax): string => {
  const required = options.filter((option) => option.required)
  const rest = options.length > required.length ? '[OPTIONS]' : ''
  return `Usage: ${joined(program, ...path, rest, ...required.map(optionSyntax))}`
}

export const groupUsage = (program: string, path: ReadonlyArray<string>): string =>
  `Usage: ${joined(program, ...path, '<COMMAND>')}`

export const commandHelp = (program: string, command: CommandSyntax): string =>
  `${command.summary}\n\n${commandUsage(program, command)}\n\nOptions:\n${columns([
    ...command.options.map(optionRow),
    HELP_ROW,
  ])}\n`

/** The commands and groups directly below `path`, by name. */
export const childrenOf = (path: ReadonlyArray<string>): ReadonlyArray<Row> =>
  [...CLI_GROUPS, ...CLI_COMMANDS]
    .filter((entry) => entry.path.length === path.length + 1 && path.every((word, place) => entry.path[place] === word))
    .map((entry): Row => [entry.path.at(-1) ?? '', entry.summary])
    .sort(([a], [b]) => (a < b ? -1 : 1))

const INTERACTIVE_ONLY: ReadonlyArray<Row> = [
  ['help', 'Print this message, or the help of a command'],
  ['quit', 'End the session'],
]
const SINGLE_ONLY: ReadonlyArray<Row> = [
  ['help', 'Print this message, or the help of a command'],
  ['interactive', 'Read commands from a prompt'],
]

/** `program` is empty at the prompt, where its name is not typed. */
export const groupHelp = (program: string, path: ReadonlyArray<string>): string => {
  const own = path.length > 0 ? [] : program === '' ? INTERACTIVE_ONLY : SINGLE_ONLY
  const group = CLI_GROUPS.find((entry) => entry.path.join(' ') === path.join(' '))
  const options: ReadonlyArray<Row> =
    path.length === 0 && program !== '' ? [HELP_ROW, ['-V, --version', 'Print version']] : [HELP_ROW]
  const summary =
    group?.summary ?? "Manage the users and keys of a CloudHSM cluster: CloudHSM CLI's commands, on hsmlab"
  const commands = [...childrenOf(path), ...own].sort(([a], [b]) => (a < b ? -1 : 1))
  return `${summary}\n\n${groupUsage(program, path)}\n\nCommands:\n${columns(commands)}\n\nOptions:\n${columns(options)}\n`
}
