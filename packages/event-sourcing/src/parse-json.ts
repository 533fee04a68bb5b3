import type { Json } from './canonical-json.ts'
import { utf8Text } from './utf8.ts'

/** `undefined` for what is not JSON, and for nothing at all: both are for a codec to refuse. */
export const parseJson = (text: string | undefined): Json | undefined => {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** The same for UTF-8 bytes. */
export const parseJsonBytes = (bytes: Uint8Array): Json | undefined => parseJson(utf8Text(bytes))
