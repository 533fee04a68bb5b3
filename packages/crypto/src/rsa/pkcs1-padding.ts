import { choose, isBelow, isZero } from '../constant-time.ts'

/** 00, block type, at least eight bytes of padding, 00 (RFC 8017 §7.2.1 and §9.2). */
export const PKCS1_OVERHEAD = 11

/** Block type 1, for signatures: `data` at most `modulusBytes` − 11 long. */
export const pkcs1SignaturePad = (data: Uint8Array, modulusBytes: number): Uint8Array => {
  const block = new Uint8Array(modulusBytes).fill(0xff)
  block[0] = 0
  block[1] = 1
  block[modulusBytes - data.length - 1] = 0
  block.set(data, modulusBytes - data.length)
  return block
}

/** Block type 2, for encryption; `random` gives the padding, whose zero bytes are drawn again. */
export const pkcs1EncryptionPad = (
  data: Uint8Array,
  modulusBytes: number,
  random: (count: number) => Uint8Array,
): Uint8Array => {
  const block = new Uint8Array(modulusBytes)
  const end = modulusBytes - data.length - 1
  block[1] = 2
  for (let at = 2; at < end;) for (const byte of random(end - at)) if (byte !== 0) block[at++] = byte
  block.set(data, end + 1)
  return block
}

/** What a block of type 2 holds; whatever is wrong with it, one `undefined`, after all of it was looked at. */
export const pkcs1EncryptionUnpad = (block: Uint8Array): Uint8Array | undefined => {
  let wrong = (block[0] ?? 0) | ((block[1] ?? 0) ^ 2)
  let end = 0
  for (let i = block.length - 1; i >= 2; i--) end = choose(isZero(block[i] ?? 0), i, end)
  wrong |= isBelow(end, 2 + 8) & 1
  return wrong === 0 ? block.slice(end + 1) : undefined
}
