import * as E from 'fp-ts/lib/Either.js'
import type { CommandResult } from './command.ts'

/** What CloudHSM CLI prints about a command: `{ "error_code", "data" }`, two spaces a level. */
export const envelope = (result: CommandResult): string => {
  const body = E.isRight(result) ? { error_code: 0, data: result.right } : { error_code: 1, data: result.left }
  return JSON.stringify(body, undefined, 2)
}
