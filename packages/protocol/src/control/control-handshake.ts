/**
 * The control channel: `Noise_KK_25519_AESGCM_SHA256`, both static keys pinned at both ends, frames as on the session
 * channel. Handshake request at `subjects.controlHandshake`: `CONTROLLER_ID_SIZE` bytes that the controller chose for
 * this channel, then Noise message 1; reply: `CHANNEL_ID_SIZE` bytes and Noise message 2, or nothing. Frames go to
 * `subjects.controlFrames` and, back, to `subjects.controllerFrames` of the hexadecimal controller id: channel number,
 * then the sealed frame with the channel number as associated data. A notification is a reply with request id 0.
 */
export const CONTROLLER_ID_SIZE = 16

/** Binds a control channel to its rack. */
export const controlPrologue = (availabilityZone: string): string => `hsmlab control 1\n${availabilityZone}\n`
