import type { CliOption, CommandSyntax } from './syntax.ts'

export type HelpRow = readonly [left: string, right: string]

export const HELP_ROW: HelpRow = ['-h, --help', 'Print help']

/** Two columns, the left one as wide as its widest entry. */
export const columns = (rows: ReadonlyArray<HelpRow>): string => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join('\n')
}

/** Words with one space between them. */
export const joined = (...parts: ReadonlyArray<string>): string => parts.filter((part) => part !== '').join(' ')

/** `--username <USERNAME>`, as usage lines and errors name it. */
export const optionSyntax = ({ name, value, flag, optionalValue, many }: CliOption): string => {
  if (flag) return `--${name}`
  if (optionalValue) return `--${name} [<${value}>]`
  return many ? `--${name} <${value}>...` : `--${name} <${value}>`
}

const optionRow = (option: CliOption): HelpRow => {
  const choices = option.choices === undefined ? '' : ` [possible values: ${option.choices.join(', ')}]`
  const short = option.short === undefined ? '    ' : `-${option.short}, `
  return [`${short}${optionSyntax(option)}`, `${option.summary}${choices}`]
}

export const commandUsage = (program: string, { path, options }: CommandSyntax): string => {
  const required = options.filter((option) => option.required)
  const rest = options.length > required.length ? '[OPTIONS]' : ''
  return `Usage: ${joined(program, ...path, rest, ...required.map(optionSyntax))}`
}

export const commandHelp = (program: string, command: CommandSyntax): string =>
  `${command.summary}\n\n${commandUsage(program, command)}\n\nOptions:\n${columns([
    ...command.options.map(optionRow),
    HELP_ROW,
  ])}\n`
