import { Readable, Writable } from 'node:stream'
import { runCloudhsmCli } from '../../src/cloudhsm/main.ts'

/** What a tool printed, and the code it ended with. */
export type Ended = Readonly<{ code: number; output: string; errors: string; data: unknown }>

const collecting = (): Readonly<{ stream: Writable; text: () => string }> => {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk)
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}

const envelopeData = (output: string): unknown => {
  try {
    const envelope: unknown = JSON.parse(output)
    return typeof envelope === 'object' && envelope !== null && 'data' in envelope ? envelope.data : undefined
  } catch {
    return undefined
  }
}

/** Runs `cloudhsm-cli` in this process; `typed` comes through its standard input, which is no terminal. */
export const runCli = async (
  data: string,
  words: ReadonlyArray<string>,
  { as, typed = '' }: Readonly<{ as?: readonly [role: string, pin: string]; typed?: string }> = {},
): Promise<Ended> => {
  const output = collecting()
  const errors = collecting()
  const code = await runCloudhsmCli(words, {
    environment: { HSMLAB_DATA: data, ...(as === undefined ? {} : { CLOUDHSM_ROLE: as[0], CLOUDHSM_PIN: as[1] }) },
    input: Readable.from([typed]),
    output: output.stream,
    errors: errors.stream,
  })
  return { code, output: output.text(), errors: errors.text(), data: envelopeData(output.text()) }
}
