// Pure, and part of every JavaScript host, but not of the `es2023` library that keeps hosts out of the pure floors.
declare const TextEncoder: new () => { encode: (text: string) => Uint8Array }
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode: (bytes: Uint8Array) => string }

const encoder = new TextEncoder()
// Without `ignoreBOM` a leading U+FEFF would be swallowed, and other bytes written than were read.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const utf8Bytes = (text: string): Uint8Array => encoder.encode(text)

/** `undefined` for bytes that are not UTF-8. */
export const utf8Text = (bytes: Uint8Array): string | undefined => {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
