import { CLI_COMMANDS } from '../table.ts'
import { childrenOf } from './help.ts'

const BUILT_IN = ['help', 'quit']

const children = (path: ReadonlyArray<string>): ReadonlyArray<string> => childrenOf(path).map(([name]) => name)

const afterCommand = (words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const command = CLI_COMMANDS.find(({ path }) => path.every((word, place) => words[place] === word))
  if (command === undefined) return children(words)
  const typed = words.slice(command.path.length)
  const last = typed.findLast((word) => word.startsWith('--'))
  const option = command.options.find(({ name }) => `--${name}` === last)
  const open = last === typed.at(-1) || option?.many === true
  const values = open ? (option?.choices ?? option?.suggestions ?? []) : []
  const waits = last === typed.at(-1) && option !== undefined && option.flag !== true && option.optionalValue !== true
  if (waits) return values
  const names = command.options.map(({ name }) => `--${name}`).filter((name) => !typed.includes(name))
  return [...values, ...names, '--help']
}

/** What may come at the end of a typed line, and the part of it that is there already: readline's completer. */
export const complete = (line: string): [matches: string[], part: string] => {
  const words = line.split(/\s+/).filter((word) => word !== '')
  const part = /\s$/.test(line) ? '' : (words.pop() ?? '')
  const whole = words[0] === 'help' ? children(words.slice(1)) : afterCommand(words)
  const candidates = words.length === 0 ? [...whole, ...BUILT_IN].sort() : whole
  return [candidates.filter((candidate) => candidate.startsWith(part)).map(finished), part]
}

/** A word that is complete is followed by a space, `attr.label=` is not. */
const finished = (word: string): string => (word.endsWith('=') ? word : `${word} `)
