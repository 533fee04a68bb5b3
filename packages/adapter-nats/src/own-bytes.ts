/** A plain copy: the client hands out views into its receive buffer, and sends the caller's bytes only later. */
export const ownBytes = (bytes: Uint8Array): Uint8Array => {
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes)
  return copy
}
