import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { HasRandom, Nvram, StoreFailure } from '@hsmlab/ports'

const KEY_SIZE = 32

/**
 * The two keys in an HSM's tamper-protected cell. They are apart so that zeroising destroys what the HSM holds, and yet
 * its history can be verified: without `sealingKey` nothing that lies on the log can be opened again.
 */
export type DeviceKeys = Readonly<{ macKey: Uint8Array; sealingKey: Uint8Array | undefined }>

export type DeviceKeyFailure = StoreFailure | Tagged<'DeviceKeyMissing'> | Tagged<'DeviceKeyMalformed'>

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** Makes the keys of a new HSM. */
export const createDeviceKeys = (cell: Nvram, { random }: HasRandom): TE.TaskEither<DeviceKeyFailure, DeviceKeys> => {
  const bytes = random.bytes(2 * KEY_SIZE)
  return TE.map(() => ({ macKey: bytes.slice(0, KEY_SIZE), sealingKey: bytes.slice(KEY_SIZE) }))(cell.write(bytes))
}

export const readDeviceKeys =
  (cell: Nvram): TE.TaskEither<DeviceKeyFailure, DeviceKeys> =>
  async () => {
    const read = await cell.read()()
    if (read._tag === 'Left') return read
    const bytes = read.right
    if (bytes === undefined) return TE.left<DeviceKeyFailure>({ _tag: 'DeviceKeyMissing' })()
    if (bytes.length !== 2 * KEY_SIZE) return TE.left<DeviceKeyFailure>({ _tag: 'DeviceKeyMalformed' })()
    const sealingKey = bytes.slice(KEY_SIZE)
    return TE.right({ macKey: bytes.slice(0, KEY_SIZE), sealingKey: isZero(sealingKey) ? undefined : sealingKey })()
  }

/** Zeroises: what was sealed stays sealed for ever. Twice, for a cell may keep what it held before the last write. */
export const destroySealingKey = (
  cell: Nvram,
  { macKey, sealingKey }: DeviceKeys,
): TE.TaskEither<StoreFailure, void> => {
  sealingKey?.fill(0)
  const bytes = new Uint8Array(2 * KEY_SIZE)
  bytes.set(macKey)
  return TE.flatMap(() => cell.write(bytes))(cell.write(bytes))
}
