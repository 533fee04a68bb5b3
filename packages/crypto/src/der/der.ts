import { concatBytes } from '@noble/hashes/utils.js'
import { withoutLeadingZeros } from '../bytes.ts'

/** The little of DER (X.690) that keys need: definite lengths, one-byte tags. */
export const DER = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  context0: 0xa0,
} as const

export type DerValue = Readonly<{ tag: number; content: Uint8Array; rest: Uint8Array }>

const lengthBytes = (length: number): Uint8Array => {
  if (length < 0x80) return Uint8Array.of(length)
  const bytes = withoutLeadingZeros(Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length))
  return concatBytes(Uint8Array.of(0x80 | bytes.length), bytes)
}

/** Tag, length and the contents one after another. */
export const der = (tag: number, ...contents: ReadonlyArray<Uint8Array>): Uint8Array => {
  const content = concatBytes(...contents)
  return concatBytes(Uint8Array.of(tag), lengthBytes(content.length), content)
}

/** An INTEGER from its magnitude, big-endian. */
export const derUnsigned = (magnitude: Uint8Array): Uint8Array => {
  const shortest = withoutLeadingZeros(magnitude.length === 0 ? Uint8Array.of(0) : magnitude)
  const sign = (shortest[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0)
  return der(DER.integer, sign, shortest)
}

/** The first value in `bytes` and what follows it; `undefined` when that is not DER. */
export const readDer = (bytes: Uint8Array): DerValue | undefined => {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  const count = first < 0x80 ? 0 : first & 0x7f
  if (count > 4 || first === 0x80 || bytes.length < 2 + count) return undefined
  const length = count === 0 ? first : bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0)
  const shortest = count === 0 || (length >= 0x80 && length >= 256 ** (count - 1))
  if (!shortest || length > bytes.length - 2 - count) return undefined
  const end = 2 + count + length
  return { tag, content: bytes.subarray(2 + count, end), rest: bytes.subarray(end) }
}

/** The contents of values with exactly these tags, one after another and nothing behind them. */
export const readAll = (bytes: Uint8Array, tags: ReadonlyArray<number>): ReadonlyArray<Uint8Array> | undefined => {
  const contents: Array<Uint8Array> = []
  let rest = bytes
  for (const tag of tags) {
    const value = readDer(rest)
    if (value?.tag !== tag) return undefined
    contents.push(value.content)
    rest = value.rest
  }
  return rest.length === 0 ? contents : undefined
}

/** The magnitude of a non-negative INTEGER's content; `undefined` when it is negative or padded. */
export const unsignedOf = (content: Uint8Array): Uint8Array | undefined => {
  const [first, second] = content
  if (first === undefined || first >= 0x80) return undefined
  if (first !== 0 || second === undefined) return content
  return second < 0x80 ? undefined : content.subarray(1)
}
