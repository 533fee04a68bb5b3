import * as E from 'fp-ts/lib/Either.js'
import { fromBase64, toBase64, type Tagged } from '@hsmlab/event-sourcing'
import type { Backup, BackupId, CommandId, HsmId, AvailabilityZone } from '@hsmlab/domain'
import { BACKUP_CHUNK_SIZE_MAX, BACKUP_SIZE_MAX } from '@hsmlab/protocol'
import type { ControlFailure } from '../control-channel/control-client.ts'
import type { ControllerEnv } from './controller-env.ts'
import type { Racks } from './racks.ts'
import type { Vault, VaultFailure } from './vault.ts'

type Source = Readonly<{ hsmId: HsmId; zone: AvailabilityZone }>

export type BackupFailure =
  | ControlFailure
  | VaultFailure
  /** What the rack handed out is not what it said it had. */
  | Tagged<'BackupTransferFailed', { backupId: BackupId }>

type Carrier = Pick<ControllerEnv, 'engine'> & Readonly<{ racks: Racks; vault: Vault }>
type Outcome<A> = Promise<E.Either<BackupFailure, A>>

const fetchBytes = async (
  { racks }: Carrier,
  { hsmId, zone }: Source,
  backupId: BackupId,
  size: number,
): Outcome<Uint8Array> => {
  const bytes = new Uint8Array(size)
  let offset = 0
  while (offset < size) {
    const chunk = await racks.ask(zone, 'readBackup', { hsmId, backupId, offset })
    if (E.isLeft(chunk)) return chunk
    const piece = fromBase64(chunk.right.bytes)
    if (piece.length === 0 || offset + piece.length > size) {
      return E.left({ _tag: 'BackupTransferFailed', backupId } as const)
    }
    bytes.set(piece, offset)
    offset += piece.length
  }
  return E.right(bytes)
}

/** Has the HSM encrypt its content, and keeps what it gives in the vault. */
export const takeBackup = async (carrier: Carrier, source: Source, backupId: BackupId): Outcome<Backup> => {
  const { hsmId, zone } = source
  const commandId = backupId as string as CommandId
  const taken = await carrier.racks.ask(zone, 'takeBackup', { commandId, hsmId, backupId })
  if (E.isLeft(taken)) return taken
  const { size, digest, position } = taken.right
  const failed = E.left({ _tag: 'BackupTransferFailed', backupId } as const)
  if (!Number.isSafeInteger(size) || size < 1 || size > BACKUP_SIZE_MAX) return failed
  const bytes = await fetchBytes(carrier, source, backupId, size)
  if (E.isLeft(bytes)) return bytes
  if (toBase64(carrier.engine.sha256(bytes.right)) !== digest) return failed
  const kept = await carrier.vault.put(backupId, bytes.right)()
  return E.isLeft(kept) ? kept : E.right({ backupId, hsmId, size, digest, position })
}

/** Carries a backup out of the vault to an HSM, and has it take it in. */
export const restoreBackup = async (carrier: Carrier, target: Source, backup: Backup): Outcome<void> => {
  const { racks, vault } = carrier
  const { hsmId, zone } = target
  const { backupId, size, digest } = backup
  const bytes = await vault.get(backup)()
  if (E.isLeft(bytes)) return bytes
  for (let offset = 0; offset < size; offset += BACKUP_CHUNK_SIZE_MAX) {
    const piece = toBase64(bytes.right.subarray(offset, offset + BACKUP_CHUNK_SIZE_MAX))
    const written = await racks.ask(zone, 'writeBackup', { hsmId, backupId, offset, bytes: piece })
    if (E.isLeft(written)) return written
  }
  const commandId = `restore-${hsmId}` as CommandId
  const restored = await racks.ask(zone, 'restoreBackup', { commandId, hsmId, backupId, size, digest })
  return E.isLeft(restored) ? restored : E.right(undefined)
}

/** In one sentence for the log; names no content. */
export const describeBackupFailure = (failure: BackupFailure): string => {
  switch (failure._tag) {
    case 'ControlRefused':
      return failure.refusal.message
    case 'RackUnreachable':
      return `The rack of ${failure.availabilityZone} does not answer.`
    case 'BackupTransferFailed':
      return `${failure.backupId} did not arrive as its HSM described it.`
    case 'BackupDamaged':
      return `${failure.backupId} is damaged or missing in the vault.`
    case 'StoreLocked':
    case 'StoreMissing':
    case 'StoreDamaged':
    case 'StoreFull':
    case 'StoreUnavailable':
      return `The vault cannot be read or written (${failure._tag}).`
  }
}
