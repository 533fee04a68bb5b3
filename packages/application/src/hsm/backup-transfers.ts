import * as E from 'fp-ts/lib/Either.js'
import { invariant } from '@hsmlab/event-sourcing'
import { BACKUP_CHUNK_SIZE_MAX, BACKUP_SIZE_MAX, type ControlRefusal } from '@hsmlab/protocol'
import { refusal } from './hsm.ts'

/** Backups on their way in: one for each HSM that is being restored, and some that were given up. */
const INCOMING_MAX = 4

/** Backups on their way between the HSMs of a rack and the controller, in pieces. */
export interface BackupTransfers {
  /** Keeps a backup to be read: one at a time, it is read before the next one is taken. */
  readonly offer: (hsmId: string, backupId: string, backup: Uint8Array) => void
  readonly read: (backupId: string, offset: number) => E.Either<ControlRefusal, Uint8Array>
  /** Pieces come in order; one that came before changes nothing. */
  readonly write: (hsmId: string, backupId: string, offset: number, piece: Uint8Array) => E.Either<ControlRefusal, void>
  /** The bytes that were written, which are then forgotten. */
  readonly take: (hsmId: string, backupId: string) => Uint8Array | undefined
  /** Of an HSM that is no more. */
  readonly forget: (hsmId: string) => void
}

/** Two HSMs may be restored from one backup at a time. */
type Incoming = { readonly hsmId: string; readonly backupId: string; readonly pieces: Uint8Array[]; written: number }

const isOffset = (offset: number): boolean => Number.isSafeInteger(offset) && offset >= 0

export const backupTransfers = (): BackupTransfers => {
  let incoming: ReadonlyArray<Incoming> = []
  let offered: Readonly<{ hsmId: string; backupId: string; backup: Uint8Array }> | undefined

  const find = (hsmId: string, backupId: string): Incoming | undefined =>
    incoming.find((each) => each.hsmId === hsmId && each.backupId === backupId)

  const incomingOf = (hsmId: string, backupId: string): Incoming => {
    const known = find(hsmId, backupId)
    if (known !== undefined) return known
    const fresh: Incoming = { hsmId, backupId, pieces: [], written: 0 }
    incoming = [...incoming, fresh].slice(-INCOMING_MAX)
    return fresh
  }

  return {
    offer: (hsmId, backupId, backup) => {
      invariant(backup.length <= BACKUP_SIZE_MAX, 'the largest HSM has a backup that can be carried')
      offered = { hsmId, backupId, backup }
    },
    read: (backupId, offset) => {
      if (offered?.backupId !== backupId) return refusal('wrongCondition', 'This rack does not hold that backup.')
      if (!isOffset(offset)) return refusal('malformed', 'There is no such place in a backup.')
      return E.right(offered.backup.subarray(offset, offset + BACKUP_CHUNK_SIZE_MAX))
    },
    write: (hsmId, backupId, offset, piece) => {
      const transfer = incomingOf(hsmId, backupId)
      const end = offset + piece.length
      if (!isOffset(offset) || offset > transfer.written || end > BACKUP_SIZE_MAX) {
        return refusal('malformed', 'Pieces of a backup come in order.')
      }
      if (offset < transfer.written) return E.right(undefined)
      transfer.pieces.push(piece)
      transfer.written = end
      return E.right(undefined)
    },
    take: (hsmId, backupId) => {
      const transfer = find(hsmId, backupId)
      incoming = incoming.filter((each) => each !== transfer)
      if (transfer === undefined) return undefined
      const backup = new Uint8Array(transfer.written)
      let at = 0
      for (const piece of transfer.pieces) {
        backup.set(piece, at)
        at += piece.length
      }
      return backup
    },
    forget: (hsmId) => {
      incoming = incoming.filter((each) => each.hsmId !== hsmId)
      if (offered?.hsmId === hsmId) offered = undefined
    },
  }
}
