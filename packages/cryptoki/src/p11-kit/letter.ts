import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import type { Version } from '../infos.ts'
import { EMPTY, type Output, type Room } from '../output.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** One value of a call: its letters in the signature text, and its two directions. */
export interface Letter<A> {
  readonly text: string
  // Methods, so that a `Letter<number>` is a `Letter<unknown>`: the table of calls holds letters of all kinds.
  read(reader: WireReader): A
  write(writer: WireWriter, value: A): void
}

/** Lists longer than this are malformed: no program has so many of anything. */
const COUNT_MAX = 65_536
const NON_NULL_EMPTY = 0xffff_ffff

export const byte: Letter<number> = {
  text: 'y',
  read: (reader) => reader.u8(),
  write: (writer, value) => writer.u8(value),
}

export const ulong: Letter<number> = {
  text: 'u',
  read: (reader) => reader.u64(),
  write: (writer, value) => writer.u64(value),
}

export const version: Letter<Version> = {
  text: 'v',
  read: (reader) => ({ major: reader.u8(), minor: reader.u8() }),
  write: (writer, { major, minor }) => {
    writer.u8(major)
    writer.u8(minor)
  },
}

/** The longest start of `text` that fits `width` bytes of UTF-8. */
const cut = (text: string, width: number): Uint8Array => {
  const bytes = utf8Bytes(text)
  if (bytes.length <= width) return bytes
  let end = width
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end)
}

/** A field of fixed width, padded with spaces. */
export const padded = (width: number): Letter<string> => ({
  text: 's',
  read: (reader) => {
    const bytes = reader.string()
    if (bytes?.length !== width) reader.malformed()
    return (utf8Text(bytes ?? EMPTY) ?? '').trimEnd()
  },
  write: (writer, text) => {
    const bytes = cut(text, width)
    writer.u32(width)
    writer.raw(bytes)
    writer.fill(width - bytes.length, 0x20)
  },
})

export const zeroString: Letter<Uint8Array> = {
  text: 'z',
  read: (reader) => reader.string() ?? EMPTY,
  write: (writer, bytes) => writer.string(bytes),
}

/**
 * Bytes that a program passes in. Empty and absent are one: 0.24 sends both as absent, 0.25 both as a null string.
 * The view is into the frame.
 */
export const byteArray: Letter<Uint8Array> = {
  text: 'ay',
  read: (reader) => {
    if (reader.u8() !== 0) return reader.string() ?? EMPTY
    reader.u32()
    return EMPTY
  },
  write: (writer, bytes) => {
    if (bytes.length > 0) {
      writer.u8(1)
      writer.string(bytes)
    } else if (writer.dialect().nestedDeriveTemplates) {
      writer.u8(1)
      writer.string(undefined)
    } else {
      writer.u8(0)
      writer.u32(0)
    }
  },
}

/** Bytes that a program gets back, or the length they need. */
export const output: Letter<Output> = {
  text: 'ay',
  read: (reader) => (reader.u8() === 0 ? reader.u32() : (reader.string() ?? EMPTY)),
  write: (writer, value) => {
    if (typeof value === 'number') {
      writer.u8(0)
      writer.u32(value)
    } else {
      writer.u8(1)
      writer.string(value)
    }
  },
}

export const byteRoom: Letter<Room> = {
  text: 'fy',
  read: (reader) => {
    const room = reader.u32()
    if (room === 0) return undefined
    return room === NON_NULL_EMPTY ? 0 : room
  },
  write: (writer, room) => {
    const emptyBuffer = writer.dialect().nestedDeriveTemplates ? NON_NULL_EMPTY : 0
    writer.u32(room === undefined ? 0 : room === 0 ? emptyBuffer : room)
  },
}

/** How many elements the caller has room for; `undefined`: it asks for the count. */
export const ulongRoom: Letter<Room> = {
  text: 'fu',
  read: (reader) => {
    const room = reader.u32()
    return room === 0 ? undefined : room
  },
  write: (writer, room) => writer.u32(room ?? 0),
}

/** A list, or how many elements it has. */
export type UlongList = ReadonlyArray<number> | number

export const ulongList: Letter<UlongList> = {
  text: 'au',
  read: (reader) => {
    const present = reader.u8() !== 0
    const count = reader.u32()
    if (!present) return count
    if (count > COUNT_MAX) reader.malformed()
    const values: number[] = []
    for (let i = 0; i < count && !reader.failed(); i++) values.push(reader.u64())
    return values
  },
  write: (writer, list) => {
    writer.u8(typeof list === 'number' ? 0 : 1)
    writer.u32(typeof list === 'number' ? list : list.length)
    if (typeof list !== 'number') for (const value of list) writer.u64(value)
  },
}

/** The list where it fits the caller's room, else its count. */
export const fitList = (list: ReadonlyArray<number>, room: Room): UlongList =>
  room === undefined || list.length > room ? list.length : list
