/**
 * Where things lie in the store: records under `e` ‖ position, snapshots under `s` ‖ revision (both 64 bits,
 * big-endian, so that byte order is log order), the head under `m/head`. Nothing else belongs there.
 */
const RECORDS = 0x65
const SNAPSHOTS = 0x73

export const POSITION_BYTES = 8
const KEY_BYTES = 1 + POSITION_BYTES

export const HEAD_KEY = Uint8Array.from([0x6d, 0x2f, 0x68, 0x65, 0x61, 0x64])

export const writePosition = (into: Uint8Array, offset: number, position: number): void => {
  const view = new DataView(into.buffer, into.byteOffset + offset, POSITION_BYTES)
  view.setUint32(0, Math.floor(position / 2 ** 32))
  view.setUint32(4, position >>> 0)
}

/** Beyond 2^53 the result is rounded, which is never a position that is looked for. */
export const readPosition = (from: Uint8Array, offset: number): number => {
  let position = 0
  for (let i = offset; i < offset + POSITION_BYTES; i++) position = position * 256 + (from[i] ?? 0)
  return position
}

const keyIn = (namespace: number, position: number): Uint8Array => {
  const key = new Uint8Array(KEY_BYTES)
  key[0] = namespace
  writePosition(key, 1, position)
  return key
}

export const recordKey = (position: number): Uint8Array => keyIn(RECORDS, position)
export const snapshotKey = (revision: number): Uint8Array => keyIn(SNAPSHOTS, revision)

/** The position in a record's key; `undefined` for a key of another shape. */
export const positionOfKey = (key: Uint8Array): number | undefined =>
  key.length === KEY_BYTES && key[0] === RECORDS ? readPosition(key, 1) : undefined

/** The revision in a snapshot's key; `undefined` for a key of another shape. */
export const revisionOfKey = (key: Uint8Array): number | undefined =>
  key.length === KEY_BYTES && key[0] === SNAPSHOTS ? readPosition(key, 1) : undefined

const AFTER_ALL_KEYS = new Uint8Array(KEY_BYTES + 1).fill(0xff)

/** Every record from position `from` on, and whatever else lies between. */
export const recordsFrom = (from: number) => ({
  from: from === 0 ? Uint8Array.of(RECORDS) : recordKey(from),
  to: Uint8Array.of(RECORDS + 1),
})

export const recordsBetween = (from: number, to: number) => ({ from: recordKey(from), to: recordKey(to) })

export const BEFORE_RECORDS = { from: Uint8Array.of(), to: Uint8Array.of(RECORDS) }
export const AFTER_RECORDS = { from: Uint8Array.of(RECORDS + 1), to: AFTER_ALL_KEYS }
export const ALL_SNAPSHOTS = { from: Uint8Array.of(SNAPSHOTS), to: Uint8Array.of(SNAPSHOTS + 1) }
