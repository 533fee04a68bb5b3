import { utf8Text } from '@hsmlab/event-sourcing'

/** The longest line, in bytes without its end. Whoever has more to say streams it in events. */
export const LOCAL_LINE_SIZE_MAX = 1 << 20

/** `undefined` stands for a line that is not UTF-8. `overflow`: the line is too long, and nothing more will be read. */
export type LineReader = Readonly<{
  read: (chunk: Uint8Array) => Readonly<{ lines: ReadonlyArray<string | undefined>; overflow: boolean }>
}>

const LINE_END = 0x0a

const joined = (parts: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Cuts a stream of bytes into lines, however they were chunked. */
export const lineReader = (sizeMax = LOCAL_LINE_SIZE_MAX): LineReader => {
  let parts: Uint8Array[] = []
  let size = 0
  let overflow = false
  const keep = (part: Uint8Array): void => {
    size += part.length
    if (size > sizeMax) overflow = true
    else if (part.length > 0) parts.push(part)
  }
  return {
    read: (chunk) => {
      const lines: (string | undefined)[] = []
      let from = 0
      for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
        keep(chunk.subarray(from, end))
        if (overflow) break
        lines.push(utf8Text(joined(parts, size)))
        parts = []
        size = 0
        from = end + 1
      }
      if (!overflow) keep(chunk.slice(from))
      if (overflow) parts = []
      return { lines, overflow }
    },
  }
}
