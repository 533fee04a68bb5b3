/** Small copies share one allocation: an ArrayBuffer for each would cost three times the copy itself. */
const SLAB_BYTES = 64 * 1024
const SHARED_BYTES_MAX = 4 * 1024

/** A copy of `message`: the receiver's own bytes, plain whatever class the sender's were of, as off a network. */
export type Copying = (message: Uint8Array) => Uint8Array

export const copying = (): Copying => {
  let slab = new ArrayBuffer(SLAB_BYTES)
  let used = 0

  const room = (length: number): Uint8Array => {
    if (length > SHARED_BYTES_MAX) return new Uint8Array(length)
    if (used + length > SLAB_BYTES) {
      slab = new ArrayBuffer(SLAB_BYTES)
      used = 0
    }
    const bytes = new Uint8Array(slab, used, length)
    used += (length + 7) & ~7
    return bytes
  }

  return (message) => {
    const bytes = room(message.length)
    bytes.set(message)
    return bytes
  }
}
