/**
 * What a call with an output buffer gives: the bytes, or, when the caller's room did not suffice or was not there, the
 * length that is needed. With a length the operation stays active (PKCS#11 v2.40 §5.2).
 */
export type Output = Uint8Array | number

/** `undefined`: the caller passed no buffer and asks for the length. */
export type Room = number | undefined

export const EMPTY: Uint8Array = new Uint8Array(0)

/** The bytes where they fit, else their length. */
export const fit = (bytes: Uint8Array, room: Room): Output =>
  room === undefined || bytes.length > room ? bytes.length : bytes
