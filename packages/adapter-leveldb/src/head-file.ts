import { createHash } from 'node:crypto'
import { constants, type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Nvram, StoreFailure } from '@hsmlab/ports'
import { storeFailure } from './failure.ts'
import { syncDirectory } from './sync-directory.ts'

/**
 * Two slots, each in a page of its own, are written in turn, so that a write which the power cuts short leaves the
 * cell before it whole. A slot is checksum(32) ‖ counter(8) ‖ length(4) ‖ cell; of two sound ones the higher counter
 * is the newer.
 */
const SLOT_BYTES = 4096
const HEADER_BYTES = 44
export const CELL_BYTES_MAX = SLOT_BYTES - HEADER_BYTES

type Slot = Readonly<{ counter: bigint; cell: Uint8Array }>

/** The first write, counter 1, goes to the first slot. */
const offsetOf = (counter: bigint): number => Number((counter + 1n) % 2n) * SLOT_BYTES

const checksumOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

const encodeSlot = ({ counter, cell }: Slot): Buffer => {
  const slot = Buffer.alloc(HEADER_BYTES + cell.length)
  slot.writeBigUInt64BE(counter, 32)
  slot.writeUInt32BE(cell.length, 40)
  slot.set(cell, HEADER_BYTES)
  slot.set(checksumOf(slot.subarray(32)), 0)
  return slot
}

const decodeSlot = (page: Buffer): Slot | undefined => {
  const end = HEADER_BYTES + page.readUInt32BE(40)
  if (end > SLOT_BYTES || !checksumOf(page.subarray(32, end)).equals(page.subarray(0, 32))) return undefined
  return { counter: page.readBigUInt64BE(32), cell: Uint8Array.from(page.subarray(HEADER_BYTES, end)) }
}

/** The newest sound slot. `undefined` too when only the very first write was begun, and never ended. */
const newestSlot = (file: Buffer): Slot | undefined => {
  const slots = [0, 1].map((index) => file.subarray(index * SLOT_BYTES, (index + 1) * SLOT_BYTES)).map(decodeSlot)
  const [first, second] = slots
  if (first === undefined || second === undefined) return first ?? second
  return first.counter > second.counter ? first : second
}

const isUntouched = (page: Buffer): boolean => page.every((byte) => byte === 0)

/** `hold` keeps the file open between writes, until `release`. */
export type HeadFile = Nvram & Readonly<{ hold: () => void; release: () => Promise<void> }>

type Opened = { readonly handle: FileHandle; counter: bigint }

const readFile = async (handle: FileHandle): Promise<Buffer> => {
  const file = Buffer.alloc(2 * SLOT_BYTES)
  await handle.read(file, 0, file.length, 0)
  return file
}

const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === 'ENOENT'

/** Bytes that are in no sound slot, though the file is past its first write. */
class BothSlotsDamaged extends Error {}

const currentSlot = (file: Buffer, path: string): Slot | undefined => {
  const slot = newestSlot(file)
  if (slot !== undefined || isUntouched(file.subarray(SLOT_BYTES))) return slot
  throw new BothSlotsDamaged(`both copies in ${path} are damaged`)
}

const headFailure = (error: unknown): StoreFailure =>
  error instanceof BothSlotsDamaged ? { _tag: 'StoreDamaged', cause: error } : storeFailure(error)

/** A new file is made whole, in a folder of its own if need be, and its name synced before anything relies on it. */
const openForWriting = async (path: string): Promise<Opened> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC, 0o600)
  const { size } = await handle.stat()
  if (size < 2 * SLOT_BYTES) {
    await handle.truncate(2 * SLOT_BYTES)
    await handle.sync()
    await syncDirectory(dirname(path))
  }
  return { handle, counter: currentSlot(await readFile(handle), path)?.counter ?? 0n }
}

/** The HSM's NVRAM: one small file, written in place. Each write is one system call, on the disk when it returns. */
export const headFile = (path: string): HeadFile => {
  let opened: Opened | undefined
  let held = false
  let turn: Promise<unknown> = Promise.resolve()

  const read = async (): Promise<Uint8Array | undefined> => {
    try {
      const handle = await open(path, 'r')
      try {
        return currentSlot(await readFile(handle), path)?.cell
      } finally {
        await handle.close()
      }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  const close = async (): Promise<void> => {
    const { handle } = opened ?? {}
    opened = undefined
    await handle?.close()
  }

  const write = async (cell: Uint8Array): Promise<void> => {
    if (cell.length > CELL_BYTES_MAX) throw new Error(`a cell holds at most ${CELL_BYTES_MAX} bytes`)
    opened ??= await openForWriting(path)
    const counter = opened.counter + 1n
    const slot = encodeSlot({ counter, cell })
    const { bytesWritten } = await opened.handle.write(slot, 0, slot.length, offsetOf(counter))
    if (bytesWritten !== slot.length) throw new Error(`${path}: ${bytesWritten} of ${slot.length} bytes were written`)
    opened.counter = counter
    if (!held) await close()
  }

  /** One at a time: two writes under way could tear both slots. */
  const inTurn = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(run)
    turn = result.catch(() => undefined)
    return result
  }

  return {
    read: () => TE.tryCatch(() => inTurn(read), headFailure),
    write: (cell) => {
      const copy = Uint8Array.from(cell)
      return TE.tryCatch(() => inTurn(() => write(copy)), headFailure)
    },
    hold: () => {
      held = true
    },
    release: () => {
      held = false
      return inTurn(close)
    },
  }
}
