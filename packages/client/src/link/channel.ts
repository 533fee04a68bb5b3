import { channel, FRAME_OVERHEAD_BYTES, handshake, type Primitives } from '@hsmlab/crypto'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { CHANNEL_ID_SIZE, channelPrologue } from '@hsmlab/protocol'
import type { FrameChannel } from '../state.ts'
import type { KnownHsm } from '../trust/verify-hello.ts'

const NO_PAYLOAD = new Uint8Array(0)

/** What a frame has beyond its plaintext. */
export const FRAME_OVERHEAD = CHANNEL_ID_SIZE + FRAME_OVERHEAD_BYTES

export type Opening = Readonly<{
  /** The handshake request. */
  request: Uint8Array
  /** The channel that the HSM's reply completes; `undefined` for a reply that is not the HSM's. */
  complete: (reply: Uint8Array) => FrameChannel | undefined
}>

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean => {
  for (let i = 0; i < prefix.length; i += 1) if (bytes[i] !== prefix[i]) return false
  return bytes.length >= prefix.length
}

/** Begins `Noise_NK_25519_AESGCM_SHA256` with an HSM whose static key is known to be its own. */
export const openChannel = (engine: Primitives, hsm: KnownHsm, proxyId: Uint8Array): Opening => {
  const noise = handshake(engine, {
    pattern: 'NK',
    role: 'initiator',
    prologue: utf8Bytes(channelPrologue(hsm.clusterId, hsm.hsmId)),
    remoteStatic: hsm.staticKey,
  })
  const first = noise.write(NO_PAYLOAD) ?? NO_PAYLOAD
  const request = new Uint8Array(proxyId.length + first.length)
  request.set(proxyId)
  request.set(first, proxyId.length)

  const complete = (reply: Uint8Array): FrameChannel | undefined => {
    if (reply.length < CHANNEL_ID_SIZE) return undefined
    const channelId = reply.slice(0, CHANNEL_ID_SIZE)
    if (noise.read(reply.subarray(CHANNEL_ID_SIZE)) === undefined) return undefined
    const result = noise.result()
    return result && frameChannel(channelId, channel(engine, result))
  }
  return { request, complete }
}

const frameChannel = (channelId: Uint8Array, { seal, open }: ReturnType<typeof channel>): FrameChannel => ({
  seal: (plaintext) => {
    const frame = seal(plaintext, channelId, channelId.length)
    frame.set(channelId)
    return frame
  },
  open: (frame) => (startsWith(frame, channelId) ? open(frame.subarray(channelId.length), channelId) : undefined),
})
