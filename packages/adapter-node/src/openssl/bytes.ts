/** The same bytes without Buffer's methods: what leaves the adapter compares and prints like any other Uint8Array. */
export const plain = (buffer: Uint8Array): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

/** One after another, in memory of their own (Buffer.concat would take it from the shared pool). */
export const joined = (one: Uint8Array, other: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(one.length + other.length)
  bytes.set(one)
  bytes.set(other, one.length)
  return bytes
}

/** The result, or `undefined` for what OpenSSL refuses by an exception: a wrong tag, a point of small order. */
export const unlessRefused = <A>(compute: () => A): A | undefined => {
  try {
    return compute()
  } catch {
    return undefined
  }
}
