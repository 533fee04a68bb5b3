import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import { toBase64, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import type { Primitives } from '@hsmlab/crypto'
import type { Backup, BackupId } from '@hsmlab/domain'
import type { Disk, KeyValueStore, StoreFailure } from '@hsmlab/ports'

export type VaultFailure =
  | StoreFailure
  /** What lies there is not what was put there, or nothing lies there. */
  | Tagged<'BackupDamaged', { backupId: BackupId }>

/** Keeps backups as the HSMs encrypted them; what comes out is checked against the digest on the controller's log. */
export interface Vault {
  /** On the disk when it answers. */
  readonly put: (backupId: BackupId, bytes: Uint8Array) => TaskEither<VaultFailure, void>
  readonly get: (backup: Pick<Backup, 'backupId' | 'size' | 'digest'>) => TaskEither<VaultFailure, Uint8Array>
  readonly close: () => Promise<void>
}

/** A value of the store: small enough for one batch to stay small. */
const PIECE_BYTES = 262_144
const SEPARATOR = '/'
/** `0` follows `/`: the end of what begins with a backup's id and `/`. */
const AFTER_SEPARATOR = '0'

const pieceKey = (backupId: BackupId, index: number): Uint8Array =>
  utf8Bytes(`${backupId}${SEPARATOR}${String(index).padStart(8, '0')}`)

const piecesOf = (backupId: BackupId) => ({
  from: utf8Bytes(`${backupId}${SEPARATOR}`),
  to: utf8Bytes(`${backupId}${AFTER_SEPARATOR}`),
})

const EVERYTHING = { from: new Uint8Array(0), to: Uint8Array.of(0xff) }

/** Removes pieces of backups that the log does not know: of one that was being stored when the controller died. */
const sweep = async (store: KeyValueStore, known: ReadonlySet<string>): Promise<E.Either<StoreFailure, void>> => {
  const strays: Uint8Array[] = []
  const seen = await store.iterate(EVERYTHING, (entries) => {
    for (const { key } of entries) {
      if (!known.has(utf8Text(key)?.split(SEPARATOR)[0] ?? '')) strays.push(key.slice())
    }
  })()
  if (E.isLeft(seen) || strays.length === 0) return seen
  return await store.batch(strays.map((key) => ({ type: 'del', key })))()
}

/** Opens the vault; `known` are the backups on the controller's log. */
export const openVault =
  (disk: Disk, primitives: Pick<Primitives, 'sha256'>, known: ReadonlySet<string>): TaskEither<StoreFailure, Vault> =>
  async () => {
    const opened = await disk.open(true)()
    if (E.isLeft(opened)) return opened
    const swept = await sweep(opened.right, known)
    if (E.isLeft(swept)) {
      await opened.right.close()()
      return swept
    }
    let store: KeyValueStore | undefined = opened.right

    /** After a failed write nobody knows what the store holds: the next use opens it anew. */
    const withStore = async <A>(use: (store: KeyValueStore) => Promise<E.Either<VaultFailure, A>>) => {
      if (store === undefined) {
        const again = await disk.open(true)()
        if (E.isLeft(again)) return again
        store = again.right
      }
      const used = await use(store)
      if (E.isLeft(used) && used.left._tag !== 'BackupDamaged') {
        await store.close()()
        store = undefined
      }
      return used
    }

    const put = async (store: KeyValueStore, backupId: BackupId, bytes: Uint8Array) => {
      for (let index = 0; index * PIECE_BYTES < bytes.length; index++) {
        const value = bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)
        const written = await store.batch([{ type: 'put', key: pieceKey(backupId, index), value }])()
        if (E.isLeft(written)) return written
      }
      return E.right(undefined)
    }

    const get = async (store: KeyValueStore, backup: Pick<Backup, 'backupId' | 'size' | 'digest'>) => {
      const { backupId, size, digest } = backup
      const pieces: Uint8Array[] = []
      const read = await store.iterate(piecesOf(backupId), (entries) => {
        for (const { value } of entries) pieces.push(value.slice())
      })()
      if (E.isLeft(read)) return read
      const bytes = concatBytes(...pieces)
      const isWhole = bytes.length === size && toBase64(primitives.sha256(bytes)) === digest
      return isWhole ? E.right(bytes) : E.left({ _tag: 'BackupDamaged', backupId } as const)
    }

    return E.right({
      put: (backupId, bytes) => () => withStore((open) => put(open, backupId, bytes)),
      get: (backup) => () => withStore((open) => get(open, backup)),
      close: async () => void (await store?.close()()),
    })
  }
