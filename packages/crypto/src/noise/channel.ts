import type { Primitives } from '../engine.ts'
import { TAG_BYTES, transportCipher } from './cipher.ts'
import type { HandshakeResult } from './handshake.ts'

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
  readonly seal: (plaintext: Uint8Array, associatedData?: Uint8Array) => Uint8Array
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

  const seal: Channel['seal'] = (plaintext, associatedData = NO_DATA) => {
    const counter = next++
    const sealed = sending.seal(counter, associatedData, plaintext)
    const frame = new Uint8Array(COUNTER_BYTES + sealed.length)
    const view = new DataView(frame.buffer)
    view.setUint32(0, Math.floor(counter / 2 ** 32))
    view.setUint32(4, counter >>> 0)
    frame.set(sealed, COUNTER_BYTES)
    return frame
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
