import type { Primitives } from '../engine.ts'
import { TAG_BYTES, transportCipher } from './cipher.ts'
import type { HandshakeResult } from './handshake.ts'
import { roomFor } from '../room.ts'

const COUNTER_BYTES = 8
const NO_DATA = new Uint8Array(0)

/** What a frame has beyond its plaintext: the counter, and the tag. */
export const FRAME_OVERHEAD_BYTES = COUNTER_BYTES + TAG_BYTES

/**
 * Both directions of an established channel, over datagrams that may be lost, doubled, late or invented. A frame is
 * its counter in 8 bytes, then the sealed plaintext. Counters only grow; gaps are losses. A frame that is late, doubled
 * or forged opens to `undefined` and changes nothing: whoever receives it drops it.
 */
export interface Channel {
  /** `before`: so many bytes stay free in front of the frame, for a header that the caller writes. */
  readonly seal: (plaintext: Uint8Array, associatedData?: Uint8Array, before?: number) => Uint8Array
  readonly open: (frame: Uint8Array, associatedData?: Uint8Array) => Uint8Array | undefined
}

const readCounter = (frame: Uint8Array): number => {
  const view = new DataView(frame.buffer, frame.byteOffset, COUNTER_BYTES)
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4)
}

/** The channel of a finished handshake; counters start at 0. */
export const channel = (
  primitives: Primitives,
  { sendKey, receiveKey }: Pick<HandshakeResult, 'sendKey' | 'receiveKey'>,
): Channel => {
  const sending = transportCipher(primitives, sendKey)
  const receiving = transportCipher(primitives, receiveKey)
  let next = 0
  let highest = -1

  const seal: Channel['seal'] = (plaintext, associatedData = NO_DATA, before = 0) => {
    const counter = next++
    const sealed = sending.seal(counter, associatedData, plaintext)
    const size = before + COUNTER_BYTES + sealed.length
    const { bytes, view, at } = roomFor(size)
    view.setUint32(at + before, Math.floor(counter / 2 ** 32))
    view.setUint32(at + before + 4, counter >>> 0)
    bytes.set(sealed, at + before + COUNTER_BYTES)
    return bytes.subarray(at, at + size)
  }

  const open: Channel['open'] = (frame, associatedData = NO_DATA) => {
    if (frame.length < FRAME_OVERHEAD_BYTES) return undefined
    const counter = readCounter(frame)
    if (counter <= highest || counter > Number.MAX_SAFE_INTEGER) return undefined
    const plaintext = receiving.open(counter, associatedData, frame.subarray(COUNTER_BYTES))
    if (plaintext !== undefined) highest = counter
    return plaintext
  }

  return { seal, open }
}
