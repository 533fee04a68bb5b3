import { type Base64, fromBase64, toBase64 } from '@hsmlab/event-sourcing'

/** `0x` and two digits a byte; `0x` alone for none. */
export const hexText = (bytes: Base64): string => `0x${Buffer.from(fromBase64(bytes)).toString('hex')}`

/** The bytes of `0x…`, any number of whole bytes; `undefined` for other text. */
export const hexBytes = (text: string): Base64 | undefined =>
  /^0x(?:[0-9a-fA-F]{2})*$/.test(text) ? toBase64(Buffer.from(text.slice(2), 'hex')) : undefined
