import { Command, CommanderError, Option } from 'commander'
import { commandHelp, commandUsage, optionSyntax } from './help.ts'
import type { CliArguments, CliOption, CommandSyntax, Parsed, Unparsed } from './syntax.ts'

export const refused = (problem: string, usage: string, tip?: string): Unparsed => ({
  _tag: 'refused',
  text: `error: ${problem}\n${tip === undefined ? '' : `\n  tip: ${tip}\n`}\n${usage}\n\nFor more information, try '--help'.\n`,
})

/** Commander's form of an option. */
const commanderOption = (option: CliOption): Option => {
  const flags = option.short === undefined ? `--${option.name}` : `-${option.short}, --${option.name}`
  if (option.flag) return new Option(flags)
  if (option.optionalValue) return new Option(`${flags} [value]`)
  return new Option(option.many ? `${flags} <values...>` : `${flags} <value>`)
}

const optionParser = ({ options }: CommandSyntax): Command => {
  const parser = new Command().exitOverride().allowExcessArguments(true).helpOption('-h, --help')
  parser.configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
  for (const option of options) parser.addOption(commanderOption(option))
  return parser
}

const UNKNOWN_OPTION = /unknown option '([^']*)'(?:\s*\(Did you mean ([^?]*)\?\))?/
const MISSING_VALUE = /option '(?:-\w, )?--([a-z0-9-]+)/

/** What Commander refuses, in the words that people know from AWS's tools. */
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

/** Reads the options of `command`. `program` is how its usage line begins; empty at a prompt. */
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
