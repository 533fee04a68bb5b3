import * as E from 'fp-ts/lib/Either.js'
import { withControl } from './control.ts'
import { type Outcome, told } from './outcome.ts'

/** Text as one word of a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** The exports that make a shell use this instance. */
export const env = (dataDirectory: string): Promise<Outcome> =>
  withControl(dataDirectory, async (control): Promise<Outcome> => {
    const answer = await control.call('env', {})
    if (E.isLeft(answer)) return answer
    const { variables } = answer.right
    const lines = variables.map(({ name, value }) => `export ${name}=${shellWord(value)}`)
    return E.right(told(Object.fromEntries(variables.map(({ name, value }) => [name, value])), lines.join('\n')))
  })
