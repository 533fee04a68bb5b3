import { Writable } from 'node:stream'
import { runHsmlab } from '../../src/hsmlab/program/run.ts'

/** What `hsmlab` printed, and the code it ended with. `json` is what it printed, parsed. */
export type HsmlabEnded = Readonly<{ code: number; output: string; errors: string; json: unknown }>

const collecting = (isTTY: boolean, onText: (text: string) => void) => {
  let text = ''
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString('utf8')
      onText(text)
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY }), text: () => text }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export type HsmlabOptions = Readonly<{
  isTTY?: boolean
  environment?: Readonly<Record<string, string>>
  onStopSignal?: (run: () => void) => void
  /** Sees all that was printed so far, whenever something is. */
  onOutput?: (text: string) => void
}>

/** Runs `hsmlab` in this process. */
export const hsmlab = async (
  data: string,
  line: string,
  { isTTY = false, environment = {}, onStopSignal = () => {}, onOutput = () => {} }: HsmlabOptions = {},
): Promise<HsmlabEnded> => {
  const output = collecting(isTTY, onOutput)
  const errors = collecting(false, () => {})
  const code = await runHsmlab(
    line.split(' ').filter((word) => word !== ''),
    {
      environment: { HSMLAB_DATA: data, ...environment },
      output: output.stream,
      errors: errors.stream,
      onStopSignal,
    },
  )
  return { code, output: output.text(), errors: errors.text(), json: parsed(output.text()) }
}
