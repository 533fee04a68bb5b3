import * as E from 'fp-ts/lib/Either.js'
import type { Writable } from 'node:stream'
import { ClusterIdCodec } from '@hsmlab/domain'
import { CLIENT_METHODS } from '@hsmlab/protocol/local'
import { connectTo, reconnecting } from '../shared/connect.ts'
import { dataDirectory, type Environment } from '../shared/data-directory.ts'
import { openTerminal, type Terminal, type TerminalOptions } from '../shared/terminal.ts'
import { packageVersion } from '../shared/version.ts'
import type { CliCommand } from './command.ts'
import type { CliArguments, CommandSyntax, Parsed } from '../shared/syntax/syntax.ts'
import { envelope } from './envelope.ts'
import { readHistory, withoutSecrets, writeHistory } from './history.ts'
import { runInteractive } from './interactive.ts'
import { complete } from './parse/complete.ts'
import { INTERACTIVE } from './parse/interactive-command.ts'
import { parseCommand } from '../shared/syntax/parse-command.ts'
import { parseWords } from './parse/parse-words.ts'
import { type CliSession, cliSession } from './session.ts'
import { runSingleCommand } from './single-command.ts'
import { textOf } from '../shared/syntax/given.ts'

/** 0: done; 1: the command failed, its envelope says why; 2: the words were wrong; 130: Ctrl-C. */
export type ExitCode = 0 | 1 | 2 | 130

export type CliWorld = Readonly<{
  environment: Environment
  input: TerminalOptions['input']
  output: TerminalOptions['output']
  errors: Writable
}>

const PROGRAM = 'cloudhsm-cli'

const secretsFrom = (terminal: () => Terminal) => async (prompt: string) => {
  const answer = await terminal().readSecret(prompt)
  return answer._tag === 'line' ? answer.text : undefined
}

const sessionOf = (directory: string, clusterId: string | undefined, terminal: () => Terminal): CliSession => {
  const connect = () => connectTo(directory, ({ clientSocket }) => clientSocket, CLIENT_METHODS)
  const client = reconnecting(connect, () => session.forgetLogins())
  const decoded = ClusterIdCodec.decode(clusterId)
  const session = cliSession(client, E.isRight(decoded) ? decoded.right : undefined, secretsFrom(terminal))
  return session
}

const single = async (command: CliCommand, given: CliArguments, world: CliWorld): Promise<ExitCode> => {
  let opened: Terminal | undefined
  const terminal = (): Terminal => (opened ??= openTerminal(world))
  const session = sessionOf(dataDirectory(undefined, world.environment), undefined, terminal)
  const result = await runSingleCommand(session, command, given, world.environment)
  session.client.close()
  opened?.close()
  world.output.write(`${envelope(result)}\n`)
  return E.isRight(result) ? 0 : 1
}

const interactive = async (given: CliArguments, world: CliWorld): Promise<ExitCode> => {
  const directory = dataDirectory(undefined, world.environment)
  let history = readHistory(directory)
  const terminal = openTerminal({
    ...world,
    completer: complete,
    history,
    keepHistory: (lines) => (history = withoutSecrets(lines)),
    onInterrupt: () => process.exit(130),
  })
  const session = sessionOf(directory, textOf(given, 'cluster-id'), () => terminal)
  await runInteractive(session, terminal, (text) => world.output.write(text))
  session.client.close()
  terminal.close()
  if (terminal.isInteractive) writeHistory(directory, history)
  return 0
}

type Runnable<C extends CommandSyntax> = Extract<Parsed<C>, { _tag: 'run' }>

const run = async <C extends CommandSyntax>(
  parsed: Parsed<C>,
  world: CliWorld,
  start: (runnable: Runnable<C>) => Promise<ExitCode>,
): Promise<ExitCode> => {
  switch (parsed._tag) {
    case 'help':
      world.output.write(parsed.text)
      return 0
    case 'refused':
      world.errors.write(parsed.text)
      return 2
    case 'run':
      return start(parsed)
  }
}

/** `cloudhsm-cli`: one command, or many at a prompt. */
export const runCloudhsmCli = async (words: ReadonlyArray<string>, world: CliWorld): Promise<ExitCode> => {
  const [first] = words
  if (first === '-V' || first === '--version') {
    world.output.write(`${PROGRAM} ${packageVersion()}\n`)
    return 0
  }
  return first === 'interactive'
    ? run(parseCommand(PROGRAM, INTERACTIVE, words.slice(1)), world, ({ given }) => interactive(given, world))
    : run(parseWords(PROGRAM, words), world, ({ command, given }) => single(command, given, world))
}
