import { EMPTY } from '../output.ts'

/** Call code, length of the options, length of the body: 4 bytes each, big-endian. */
export const FRAME_HEADER_SIZE = 12
/** The options are a module's name; more than this is no client of ours. */
export const OPTIONS_SIZE_MAX = 4 * 1024
export const BODY_SIZE_MAX = 16 * 1024 * 1024

/** Takes one frame: its code, and where its body stands in `source`. */
export type FrameSink = (code: number, source: Uint8Array, from: number, to: number) => void

export type FrameFault = 'code is 0' | 'options too long' | 'body too long'

/**
 * Cuts a stream of chunks into frames, whatever the cuts between the chunks. Whole frames are passed on in the chunk
 * they came in. After a fault the stream has no frames any more.
 */
export interface FrameReader {
  readonly push: (chunk: Uint8Array, sink: FrameSink) => FrameFault | undefined
  /** Bytes that wait for the rest of their frame. */
  readonly waiting: () => number
}

const faultOf = (code: number, options: number, body: number): FrameFault | undefined => {
  if (code === 0) return 'code is 0'
  if (options > OPTIONS_SIZE_MAX) return 'options too long'
  return body > BODY_SIZE_MAX ? 'body too long' : undefined
}

export const createFrameReader = (): FrameReader => {
  let pending = EMPTY
  let filled = 0

  /** The size of the frame at `from`, header included; 0 while its header is incomplete. */
  const sizeAt = (view: DataView, from: number, end: number): number => {
    if (end - from < FRAME_HEADER_SIZE) return 0
    return FRAME_HEADER_SIZE + view.getUint32(from + 4) + view.getUint32(from + 8)
  }

  /** Passes on all whole frames of `source` up to `end`; gives back where the first incomplete one starts. */
  const cut = (source: Uint8Array, end: number, sink: FrameSink): number | FrameFault => {
    const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
    let from = 0
    for (;;) {
      const size = sizeAt(view, from, end)
      if (size === 0) return from
      const code = view.getUint32(from)
      const options = view.getUint32(from + 4)
      const fault = faultOf(code, options, view.getUint32(from + 8))
      if (fault !== undefined) return fault
      if (size > end - from) return from
      sink(code, source, from + FRAME_HEADER_SIZE + options, from + size)
      from += size
    }
  }

  const keep = (chunk: Uint8Array): void => {
    if (filled + chunk.length > pending.length) {
      const grown = new Uint8Array(Math.max(256, (filled + chunk.length) * 2))
      grown.set(pending.subarray(0, filled))
      // The bytes may be a PIN's: what is left behind is wiped.
      pending.fill(0)
      pending = grown
    }
    pending.set(chunk, filled)
    filled += chunk.length
    chunk.fill(0)
  }

  return {
    push: (chunk, sink) => {
      if (filled === 0) {
        const rest = cut(chunk, chunk.length, sink)
        if (typeof rest !== 'number') return rest
        if (rest < chunk.length) keep(chunk.subarray(rest))
        return undefined
      }
      keep(chunk)
      const source = pending
      const rest = cut(source, filled, sink)
      if (typeof rest !== 'number') return rest
      if (rest === 0) return undefined
      // Frames that were passed on are views into `source`: what is left moves into a buffer of its own.
      const left = source.slice(rest, filled)
      pending = EMPTY
      filled = 0
      if (left.length > 0) keep(left)
      return undefined
    },
    waiting: () => filled,
  }
}
