/** Small messages share one allocation: memory of its own costs a message several times what writing it does. */
const SLAB_SIZE = 64 * 1024
const SHARED_SIZE_MAX = 4 * 1024

/** Zeros to write a message into: `at` is where its first byte stands in `bytes` and in `view`. */
export type Room = Readonly<{ bytes: Uint8Array; view: DataView; at: number }>

const ownRoom = (size: number): Room => {
  const bytes = new Uint8Array(size)
  return { bytes, view: new DataView(bytes.buffer), at: 0 }
}

let slab = ownRoom(SLAB_SIZE)
let used = 0

/** Room for `size` bytes, which nobody else will get. What is kept for long keeps its neighbours' memory too. */
export const roomFor = (size: number): Room => {
  if (size > SHARED_SIZE_MAX) return ownRoom(size)
  if (used + size > SLAB_SIZE) {
    slab = ownRoom(SLAB_SIZE)
    used = 0
  }
  const at = used
  used += size
  return { ...slab, at }
}
