import * as E from 'fp-ts/lib/Either.js'
import type { ClusterId } from '@hsmlab/domain'
import type { Terminal } from '../shared/terminal.ts'
import { envelope } from './envelope.ts'
import { parseWords } from './parse/parse-words.ts'
import { splitLine } from './parse/split-line.ts'
import type { CliSession } from './session.ts'

const PROMPT = 'aws-cloudhsm > '

/** With several clusters the prompt says who is logged in where ("Interactive mode", CloudHSM CLI). */
const promptOf = ({ logins }: CliSession, clusterIds: ReadonlyArray<ClusterId>): string => {
  const [newest] = [...logins].toReversed()
  if (newest === undefined || clusterIds.length < 2) return PROMPT
  const [clusterId, { username }] = newest
  return `${username}@${clusterId ?? ''} > `
}

const answerOf = async (session: CliSession, words: ReadonlyArray<string>): Promise<string> => {
  const parsed = parseWords('', words)
  return parsed._tag === 'run' ? `${envelope(await session.run(parsed.command, parsed.given))}\n` : parsed.text
}

/** Reads commands until `quit` or the end of the input, and prints what comes of each. */
export const runInteractive = async (
  session: CliSession,
  terminal: Terminal,
  print: (text: string) => void,
): Promise<void> => {
  const clusters = await session.client.call('clusters', {})
  const clusterIds = E.isRight(clusters) ? clusters.right.clusterIds : []
  for (;;) {
    const answer = await terminal.readLine(promptOf(session, clusterIds))
    if (answer._tag === 'ended') break
    if (answer._tag === 'interrupted') continue
    const words = splitLine(answer.text)
    if (E.isLeft(words)) print(`error: ${words.left}\n`)
    else if (words.right[0] === 'quit' || words.right[0] === 'exit') return
    else if (words.right.length > 0) print(await answerOf(session, words.right))
  }
  if (terminal.isInteractive) print('\n')
}
