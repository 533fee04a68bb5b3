import { createInterface } from 'node:readline'
import type { ReadStream } from 'node:tty'
import { type Readable, Writable } from 'node:stream'

export type Answer =
  Readonly<{ _tag: 'line'; text: string }> | Readonly<{ _tag: 'interrupted' }> | Readonly<{ _tag: 'ended' }>

/** Where a person, or a script through a pipe, types. One question at a time. */
export interface Terminal {
  /** Shows `prompt` to a person, and reads a line. */
  readonly readLine: (prompt: string) => Promise<Answer>
  /** The same without showing what is typed, and without remembering it. */
  readonly readSecret: (prompt: string) => Promise<Answer>
  readonly isInteractive: boolean
  readonly close: () => void
}

export type TerminalOptions = Readonly<{
  input: Readable & Partial<Pick<ReadStream, 'isTTY'>>
  output: Writable & Readonly<{ isTTY?: boolean; columns?: number }>
  completer?: (line: string) => [string[], string]
  /** Newest first. */
  history?: ReadonlyArray<string>
  /** Sees the history after each line, and may say which lines stay in it. */
  keepHistory?: (history: ReadonlyArray<string>) => ReadonlyArray<string>
  /** Ctrl-C while nobody is asked anything. */
  onInterrupt?: () => void
}>

const HISTORY_LINES_MAX = 500

/** Passes text on to `output`, unless it is to be hidden. */
const hidingOutput = (output: TerminalOptions['output'], hidden: () => boolean): Writable => {
  const hiding = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (!hidden()) output.write(chunk)
      done()
    },
  })
  Object.defineProperty(hiding, 'columns', { get: () => output.columns })
  return hiding
}

export const openTerminal = (options: TerminalOptions): Terminal => {
  const { input, output, completer, history = [], keepHistory = (lines) => lines, onInterrupt } = options
  const isInteractive = input.isTTY === true && output.isTTY === true
  const waiting: ((answer: Answer) => void)[] = []
  const typedAhead: Answer[] = []
  let hidden = false
  const lines = createInterface({
    input,
    ...(isInteractive ? { output: hidingOutput(output, () => hidden) } : {}),
    terminal: isInteractive,
    ...(completer === undefined ? {} : { completer }),
    history: [...history],
    historySize: HISTORY_LINES_MAX,
  })

  const give = (answer: Answer): void => {
    const next = waiting.shift()
    if (next === undefined) typedAhead.push(answer)
    else next(answer)
  }
  lines.on('line', (text) => give({ _tag: 'line', text }))
  lines.on('close', () => give({ _tag: 'ended' }))
  lines.on('SIGINT', () => {
    if (waiting.length > 0) give({ _tag: 'interrupted' })
    else onInterrupt?.()
  })
  lines.on('history', (all) => {
    const kept = hidden ? all.slice(1) : keepHistory(all)
    all.splice(0, all.length, ...kept)
  })

  const answer = async (): Promise<Answer> => {
    const early = typedAhead[0]
    if (early === undefined) return new Promise((resolve) => waiting.push(resolve))
    if (early._tag !== 'ended') typedAhead.shift() // The end stays the end.
    return early
  }
  const discardLine = (): void => {
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    output.write('\n')
  }

  return {
    isInteractive,
    readLine: async (prompt) => {
      if (isInteractive && typedAhead.length === 0) {
        lines.setPrompt(prompt)
        lines.prompt()
      }
      const given = await answer()
      if (given._tag === 'interrupted') discardLine()
      return given
    },
    readSecret: async (prompt) => {
      if (!isInteractive) return answer()
      output.write(prompt)
      hidden = true
      lines.setPrompt('')
      const given = await answer()
      if (given._tag === 'interrupted') discardLine()
      else output.write('\n')
      hidden = false
      return given
    },
    close: () => lines.close(),
  }
}
