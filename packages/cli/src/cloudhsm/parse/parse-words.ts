import { closest } from '../../shared/closest.ts'
import { parseCommand, refused } from '../../shared/syntax/parse-command.ts'
import type { Parsed, Unparsed } from '../../shared/syntax/syntax.ts'
import type { CliCommand } from '../command.ts'
import { CLI_COMMANDS, CLI_GROUPS } from '../table.ts'
import { childrenOf, groupHelp, groupUsage } from './help.ts'

const isHelp = (word: string | undefined): boolean => word === '-h' || word === '--help'

const samePath = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => a.join(' ') === b.join(' ')

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
export const parseWords = (program: string, words: ReadonlyArray<string>): Parsed<CliCommand> => {
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
