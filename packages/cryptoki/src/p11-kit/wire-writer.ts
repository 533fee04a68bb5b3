import { UNAVAILABLE } from '../attribute.ts'
import type { Dialect } from './dialect.ts'

const SLAB_SIZE = 8 * 1024
const NULL_LENGTH = 0xffff_ffff

/**
 * Writes one piece after another into slabs: a frame costs a view, not an allocation. Bytes that were handed out are
 * never written again.
 */
export interface WireWriter {
  readonly begin: (dialect: Dialect) => void
  readonly dialect: () => Dialect
  readonly u8: (value: number) => void
  readonly u32: (value: number) => void
  readonly u64: (value: number) => void
  readonly raw: (bytes: Uint8Array) => void
  /** Behind its length; `undefined` is a null pointer. */
  readonly string: (bytes: Uint8Array | undefined) => void
  readonly fill: (count: number, value: number) => void
  /** Bytes since `begin`. */
  readonly length: () => number
  /** Overwrites 4 bytes, `offset` after `begin`. */
  readonly patchU32: (offset: number, value: number) => void
  readonly finish: () => Uint8Array
}

export const createWireWriter = (): WireWriter => {
  let slab = new Uint8Array(SLAB_SIZE)
  let view = new DataView(slab.buffer)
  let start = 0
  let at = 0
  let dialect: Dialect = { flaggedParameters: false, nestedRooms: false, nestedDeriveTemplates: false }

  const makeRoom = (count: number): void => {
    const written = at - start
    const next = new Uint8Array(Math.max(SLAB_SIZE, (written + count) * 2))
    next.set(slab.subarray(start, at))
    slab = next
    view = new DataView(slab.buffer)
    start = 0
    at = written
  }
  const room = (count: number): void => {
    if (at + count > slab.length) makeRoom(count)
  }

  const writer: WireWriter = {
    begin: (nextDialect) => {
      start = at
      dialect = nextDialect
    },
    dialect: () => dialect,
    u8: (value) => {
      room(1)
      slab[at++] = value
    },
    u32: (value) => {
      room(4)
      view.setUint32(at, value)
      at += 4
    },
    u64: (value) => {
      room(8)
      const unavailable = value >= UNAVAILABLE
      view.setUint32(at, unavailable ? 0xffff_ffff : Math.floor(value / 0x1_0000_0000))
      view.setUint32(at + 4, unavailable ? 0xffff_ffff : value % 0x1_0000_0000)
      at += 8
    },
    raw: (bytes) => {
      room(bytes.length)
      slab.set(bytes, at)
      at += bytes.length
    },
    string: (bytes) => {
      writer.u32(bytes === undefined ? NULL_LENGTH : bytes.length)
      if (bytes !== undefined) writer.raw(bytes)
    },
    fill: (count, value) => {
      room(count)
      slab.fill(value, at, at + count)
      at += count
    },
    length: () => at - start,
    patchU32: (offset, value) => view.setUint32(start + offset, value),
    finish: () => slab.subarray(start, at),
  }
  return writer
}
