import type { CkrName } from '@hsmlab/pkcs11'
import { UNAVAILABLE } from '../attribute.ts'
import { EMPTY } from '../output.ts'
import type { Dialect } from './dialect.ts'

const NULL_LENGTH = 0xffff_ffff

/**
 * Reads the values of one body after another; made once per connection. Reading past the end gives zeros and empty
 * bytes and marks the body as malformed, so that a decoder asks once, at its end.
 */
export interface WireReader {
  readonly reset: (source: Uint8Array, from: number, to: number, dialect: Dialect) => void
  readonly dialect: () => Dialect
  readonly u8: () => number
  readonly u32: () => number
  /** All ones read as `UNAVAILABLE`; values above 2^53 lose low bits, and are larger than anything we hand out. */
  readonly u64: () => number
  /** Views into the source. */
  readonly raw: (count: number) => Uint8Array
  /** Behind a length; `undefined` for a null pointer. */
  readonly string: () => Uint8Array | undefined
  readonly skip: (expected: Uint8Array) => boolean
  readonly malformed: () => void
  /** The body was understood so far, but what it asks for does not exist: the rest is not read. */
  readonly refuse: (code: CkrName) => void
  readonly refusal: () => CkrName | undefined
  readonly failed: () => boolean
  /** Nothing missing, nothing left over. */
  readonly finished: () => boolean
}

export const createWireReader = (): WireReader => {
  let source = EMPTY
  let view = new DataView(source.buffer)
  let at = 0
  let end = 0
  let failed = false
  let refusal: CkrName | undefined
  let dialect: Dialect = { flaggedParameters: false, nestedRooms: false, nestedDeriveTemplates: false }

  const take = (count: number): number => {
    if (count > end - at) {
      failed ||= refusal === undefined
      at = end
      return -1
    }
    at += count
    return at - count
  }

  const reader: WireReader = {
    reset: (bytes, from, to, nextDialect) => {
      if (bytes !== source) view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      source = bytes
      at = from
      end = to
      failed = false
      refusal = undefined
      dialect = nextDialect
    },
    dialect: () => dialect,
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
      const high = view.getUint32(from)
      const low = view.getUint32(from + 4)
      if (high === 0) return low
      return high === 0xffff_ffff && low === 0xffff_ffff ? UNAVAILABLE : high * 0x1_0000_0000 + low
    },
    raw: (count) => {
      const from = take(count)
      return from < 0 ? EMPTY : source.subarray(from, from + count)
    },
    string: () => {
      const length = reader.u32()
      return length === NULL_LENGTH ? undefined : reader.raw(length)
    },
    skip: (expected) => {
      const from = take(expected.length)
      if (from < 0) return false
      for (let i = 0; i < expected.length; i++) if (source[from + i] !== expected[i]) return false
      return true
    },
    malformed: () => {
      failed = true
      at = end
    },
    refuse: (code) => {
      refusal ??= code
      at = end
    },
    refusal: () => refusal,
    failed: () => failed || refusal !== undefined,
    finished: () => !failed && at === end,
  }
  return reader
}
