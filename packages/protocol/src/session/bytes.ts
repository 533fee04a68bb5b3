import { roomFor } from '@hsmlab/crypto'

/** Writes big-endian fields into a growing buffer. */
export type ByteWriter = Readonly<{
  u8: (value: number) => ByteWriter
  u32: (value: number) => ByteWriter
  /** Non-negative safe integers. */
  u64: (value: number) => ByteWriter
  /** As they are, without a length. */
  raw: (bytes: Uint8Array) => ByteWriter
  /** Behind their length as u32. */
  bytes: (bytes: Uint8Array) => ByteWriter
  finish: () => Uint8Array
}>

export const byteWriter = (capacity = 256): ByteWriter => {
  let { bytes: buffer, view, at: start } = roomFor(capacity)
  let at = start
  let end = start + capacity
  const room = (count: number): void => {
    if (at + count <= end) return
    const written = buffer.subarray(start, at)
    const size = Math.max((end - start) * 2, written.length + count)
    ;({ bytes: buffer, view, at: start } = roomFor(size))
    buffer.set(written, start)
    at = start + written.length
    end = start + size
  }
  const writer: ByteWriter = {
    u8: (value) => {
      room(1)
      buffer[at++] = value
      return writer
    },
    u32: (value) => {
      room(4)
      view.setUint32(at, value)
      at += 4
      return writer
    },
    u64: (value) => {
      room(8)
      view.setUint32(at, Math.floor(value / 0x1_0000_0000))
      view.setUint32(at + 4, value % 0x1_0000_0000)
      at += 8
      return writer
    },
    raw: (bytes) => {
      room(bytes.length)
      buffer.set(bytes, at)
      at += bytes.length
      return writer
    },
    bytes: (bytes) => writer.u32(bytes.length).raw(bytes),
    finish: () => buffer.subarray(start, at),
  }
  return writer
}

/**
 * Reads big-endian fields. Reading past the end gives zeros and empty bytes and sets `failed`, so that a decoder checks
 * once, at its end.
 */
export type ByteReader = Readonly<{
  u8: () => number
  u32: () => number
  u64: () => number
  raw: (count: number) => Uint8Array
  bytes: () => Uint8Array
  remaining: () => number
  /** False when a field was missing or anything is left over. */
  finished: () => boolean
  failed: () => boolean
}>

export const byteReader = (source: Uint8Array): ByteReader => {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
  let at = 0
  let failed = false
  const take = (count: number): number => {
    if (count > source.length - at) {
      failed = true
      at = source.length
      return -1
    }
    at += count
    return at - count
  }
  const reader: ByteReader = {
    u8: () => {
      const from = take(1)
      return from < 0 ? 0 : view.getUint8(from)
    },
    u32: () => {
      const from = take(4)
      return from < 0 ? 0 : view.getUint32(from)
    },
    u64: () => {
      const from = take(8)
      if (from < 0) return 0
      const value = view.getUint32(from) * 0x1_0000_0000 + view.getUint32(from + 4)
      if (!Number.isSafeInteger(value)) failed = true
      return value
    },
    raw: (count) => {
      const from = take(count)
      return from < 0 ? new Uint8Array(0) : source.subarray(from, from + count)
    },
    bytes: () => reader.raw(reader.u32()),
    remaining: () => source.length - at,
    finished: () => !failed && at === source.length,
    failed: () => failed,
  }
  return reader
}
