import type { Environment } from './data-directory.ts'

/** Marks text for people; leaves it alone where nobody sees colours. */
export type Colour = Readonly<{
  good: (text: string) => string
  bad: (text: string) => string
  faint: (text: string) => string
  strong: (text: string) => string
}>

const plain = (text: string): string => text
const marked = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`

export const PLAIN: Colour = { good: plain, bad: plain, faint: plain, strong: plain }
const ANSI: Colour = { good: marked(32), bad: marked(31), faint: marked(2), strong: marked(1) }

/** Colours on a terminal, unless `NO_COLOR` is set to anything (no-color.org). */
export const colourFor = (isTerminal: boolean, environment: Environment): Colour => {
  const noColor = environment['NO_COLOR']
  return isTerminal && (noColor === undefined || noColor === '') && environment['TERM'] !== 'dumb' ? ANSI : PLAIN
}
