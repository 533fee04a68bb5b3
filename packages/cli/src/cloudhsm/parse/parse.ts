import { Command, CommanderError, Option } from 'commander'
import { closest } from '../../shared/closest.ts'
import type { CliArguments, CliCommand, CliOption, CommandSyntax } from '../command.ts'
import { CLI_COMMANDS, CLI_GROUPS } from '../table.ts'
import { childrenOf, commandHelp, commandUsage, groupHelp, groupUsage, optionSyntax } from './help.ts'

export type Parsed<C extends CommandSyntax = CliCommand> =
  Readonly<{ _tag: 'run'; command: C; given: CliArguments }> | Unparsed
export type Unparsed =
  | Readonly<{ _tag: 'help'; text: string }>
  /** `text` says what is wrong with the words, and how they go. */
  | Readonly<{ _tag: 'refused'; text: string }>

const refused = (problem: string, usage: string, tip?: string): Unparsed => ({
  _tag: 'refused',
  text: `error: ${problem}\n${tip === undefined ? '' : `\n  tip: ${tip}\n`}\n${usage}\n\nFor more information, try '--help'.\n`,
})

const isHelp = (word: string | undefined): boolean => word === '-h' || word === '--help'

const samePath = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => a.join(' ') === b.join(' ')

/** Commander's form of an option. */
const commanderOption = (option: CliOption): Option => {
  if (option.flag) return new Option(`--${option.name}`)
  if (option.optionalValue) return new Option(`--${option.name} [value]`)
  return new Option(option.many ? `--${option.name} <values...>` : `--${option.name} <value>`)
}

const optionParser = ({ options }: CommandSyntax): Command => {
  const parser = new Command().exitOverride().allowExcessArguments(true).helpOption('-h, --help')
  parser.configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
  for (const option of options) parser.addOption(commanderOption(option))
  return parser
}

const UNKNOWN_OPTION = /unknown option '([^']*)'(?:\s*\(Did you mean ([^?]*)\?\))?/
const MISSING_VALUE = /option '--([a-z0-9-]+)/

/** What Commander refuses, in the words that people know from CloudHSM CLI. */
const explained = (program: string, command: CommandSyntax, error: CommanderError): Unparsed => {
  const usage = commandUsage(program, command)
  if (error.code === 'commander.helpDisplayed') return { _tag: 'help', text: commandHelp(program, command) }
  const unknown = UNKNOWN_OPTION.exec(error.message)
  if (unknown !== null) {
    const tip = unknown[2] === undefined ? undefined : `a similar argument exists: '${unknown[2]}'`
    return refused(`unexpected argument '${unknown[1]}' found`, usage, tip)
  }
  const named = MISSING_VALUE.exec(error.message)?.[1]
  const option = command.options.find(({ name }) => name === named)
  if (option === undefined) return refused('the arguments cannot be read', usage)
  return refused(`a value is required for '${optionSyntax(option)}' but none was supplied`, usage)
}

const wrongChoice = (program: string, command: CommandSyntax, given: CliArguments): Unparsed | undefined => {
  for (const option of command.options) {
    const value = given[option.name]
    if (option.choices === undefined || typeof value !== 'string' || option.choices.includes(value)) continue
    const problem = `invalid value '${value}' for '${optionSyntax(option)}'\n  [possible values: ${option.choices.join(', ')}]`
    return refused(problem, commandUsage(program, command))
  }
  return undefined
}

/** Reads the options of `command`. */
export const parseCommand = <C extends CommandSyntax>(
  program: string,
  command: C,
  words: ReadonlyArray<string>,
): Parsed<C> => {
  const parser = optionParser(command)
  try {
    parser.parse([...words], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return explained(program, command, error)
    throw error
  }
  const [excess] = parser.args
  if (excess !== undefined) return refused(`unexpected argument '${excess}' found`, commandUsage(program, command))
  const values: Readonly<Record<string, string | string[] | true | undefined>> = parser.opts()
  const given = Object.fromEntries(
    command.options.map((option) => [option.name, values[commanderOption(option).attributeName()]]),
  )
  const missing = command.options.filter(({ name, required }) => required && given[name] === undefined)
  if (missing.length > 0) {
    const names = missing.map((option) => `\n  ${optionSyntax(option)}`).join('')
    return refused(`the following required arguments were not provided:${names}`, commandUsage(program, command))
  }
  return wrongChoice(program, command, given) ?? { _tag: 'run', command, given }
}

const unknownWord = (program: string, path: ReadonlyArray<string>, word: string): Unparsed => {
  if (word.startsWith('-')) return refused(`unexpected argument '${word}' found`, groupUsage(program, path))
  const near = closest(
    word,
    childrenOf(path).map(([name]) => name),
  )
  const tip = near === undefined ? undefined : `a similar subcommand exists: '${near}'`
  return refused(`unrecognized subcommand '${word}'`, groupUsage(program, path), tip)
}

/**
 * Reads the words of one command. `program` is how usage lines begin: `cloudhsm-cli`, or nothing at the prompt. A `help`
 * in front is as good as a `--help` behind.
 */
export const parseWords = (program: string, words: ReadonlyArray<string>): Parsed => {
  let path: ReadonlyArray<string> = []
  for (const [place, word] of words.entries()) {
    if (isHelp(word)) return { _tag: 'help', text: groupHelp(program, path) }
    if (word === 'help') return parseWords(program, [...path, ...words.slice(place + 1), '--help'])
    const next = [...path, word]
    const command = CLI_COMMANDS.find((entry) => samePath(entry.path, next))
    if (command !== undefined) return parseCommand(program, command, words.slice(place + 1))
    if (!CLI_GROUPS.some((entry) => samePath(entry.path, next))) return unknownWord(program, path, word)
    path = next
  }
  return { _tag: 'refused', text: groupHelp(program, path) }
}
