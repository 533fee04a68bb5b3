/** Unsigned integers, big-endian. Reading goes eight bytes at a time: these stand on the road of every signature. */

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The non-negative integer that `bytes` spell. */
export const bytesToNumber = (bytes: Uint8Array): bigint => {
  const data = view(bytes)
  const head = bytes.length % 8
  let value = 0n
  for (let i = 0; i < head; i++) value = (value << 8n) | BigInt(data.getUint8(i))
  for (let i = head; i < bytes.length; i += 8) value = (value << 64n) | data.getBigUint64(i)
  return value
}

/** The lowest `length` bytes of `value`. */
export const numberToBytes = (value: bigint, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  const data = view(bytes)
  let rest = value
  let end = length
  for (; end >= 8; end -= 8, rest >>= 64n) data.setBigUint64(end - 8, BigInt.asUintN(64, rest))
  for (; end > 0; end--, rest >>= 8n) data.setUint8(end - 1, Number(rest & 0xffn))
  return bytes
}

/** How many bits `value` has, without leading zeros. */
export const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length)

/** `bytes` without leading zero bytes; at least one byte stays. */
export const withoutLeadingZeros = (bytes: Uint8Array): Uint8Array => {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  return bytes.subarray(start)
}

/** Compares in a time that depends on the lengths only. */
export const equalBytes = (one: Uint8Array, other: Uint8Array): boolean => {
  if (one.length !== other.length) return false
  let difference = 0
  for (let i = 0; i < one.length; i++) difference |= (one[i] ?? 0) ^ (other[i] ?? 0)
  return difference === 0
}

export const xorBytes = (one: Uint8Array, other: Uint8Array): Uint8Array => one.map((byte, i) => byte ^ (other[i] ?? 0))

/** `value` as 8 bytes; a safe integer. */
export const uint64Bytes = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  const data = view(bytes)
  data.setUint32(0, Math.floor(value / 2 ** 32))
  data.setUint32(4, value >>> 0)
  return bytes
}

/** Fields one after another, each behind its length in 4 bytes: what one list of fields gives, no other does. */
export const framed = (fields: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(fields.reduce((sum, field) => sum + 4 + field.length, 0))
  let at = 0
  for (const field of fields) {
    view(bytes).setUint32(at, field.length)
    bytes.set(field, at + 4)
    at += 4 + field.length
  }
  return bytes
}

/** The fields of `framed`; `undefined` when the bytes are not exactly such a list. */
export const unframed = (bytes: Uint8Array): ReadonlyArray<Uint8Array> | undefined => {
  const fields: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return undefined
    const length = view(bytes).getUint32(at)
    if (length > bytes.length - at - 4) return undefined
    fields.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return fields
}
