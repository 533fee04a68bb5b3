import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tagged } from '@hsmlab/event-sourcing'

/** Why a store cannot answer. After any failed write its content is unknown until it is opened and verified anew. */
export type StoreFailure =
  | Tagged<'StoreLocked', { cause?: unknown }>
  | Tagged<'StoreMissing', { cause?: unknown }>
  | Tagged<'StoreDamaged', { cause?: unknown }>
  | Tagged<'StoreFull', { cause?: unknown }>
  | Tagged<'StoreUnavailable', { cause?: unknown }>

export type StoreOperation =
  Readonly<{ type: 'put'; key: Uint8Array; value: Uint8Array }> | Readonly<{ type: 'del'; key: Uint8Array }>

/** Keys `from` (inclusive) to `to` (exclusive) in byte order. */
export type KeyRange = Readonly<{ from: Uint8Array; to: Uint8Array; reverse?: boolean; limit?: number }>

export type StoreEntry = Readonly<{ key: Uint8Array; value: Uint8Array }>

/** An ordered store of bytes. It keeps bytes, not promises: whoever reads checks what comes back. */
export interface KeyValueStore {
  /** All of `operations` or none, on the disk (synced) when it answers. */
  readonly batch: (operations: ReadonlyArray<StoreOperation>) => TaskEither<StoreFailure, void>
  readonly get: (key: Uint8Array) => TaskEither<StoreFailure, Uint8Array | undefined>
  /** Hands the entries of `range` to `visit` in runs, in order; `visit` returns false to stop. */
  readonly iterate: (
    range: KeyRange,
    visit: (entries: ReadonlyArray<StoreEntry>) => boolean | void,
  ) => TaskEither<StoreFailure, void>
  readonly close: () => TaskEither<StoreFailure, void>
}

/**
 * One small cell of bytes outside the store, written whole and synced: the HSM's NVRAM. It tells an older copy or an
 * emptied store from the real one.
 */
export interface Nvram {
  readonly read: () => TaskEither<StoreFailure, Uint8Array | undefined>
  /** Replaced atomically and on the disk when it answers. */
  readonly write: (cell: Uint8Array) => TaskEither<StoreFailure, void>
}

/** Where one log lives: a store, and its cell beside it. */
export interface Disk {
  /** `create` false: a missing store is a failure, not an empty one. */
  readonly open: (create: boolean) => TaskEither<StoreFailure, KeyValueStore>
  readonly nvram: Nvram
}
