import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { invariant } from '@hsmlab/event-sourcing'
import type { Disk, KeyValueStore } from '@hsmlab/ports'
import type { EventStore } from './event-store.ts'
import type { OpenFailure } from './failure.ts'
import { HEAD_KEY } from './layout.ts'
import { type Mark, sealMark } from './mark.ts'
import type { HasDisk, Parts } from './parts.ts'
import { genesisHash, type Head } from './record.ts'
import { DOMAIN, type HasSha256, macUnder, sealUnder } from './seal.ts'
import type { Survey } from './survey.ts'
import { verifiedStore } from './verified-store.ts'
import { IDENTITY, type Opening, readCell, type Replay, verifyLog } from './verify-log.ts'

export type LogOwner = Readonly<{
  /** 32 bytes, for this log only; apart from the keys that seal, so that history stays verifiable without them. */
  macKey: Uint8Array
  /** Whose log this is; bound into the chain. 1 to 64 printable ASCII characters. */
  identity: string
}>

export type OpenOptions = LogOwner &
  Readonly<{
    /** True once, when the HSM is made: later a missing log is a failure, never an empty one. */
    create: boolean
    replay?: Replay
  }>

export type InspectedLog = Readonly<{
  head: Head
  /** How often the log was opened so far. */
  bootCounter: number
  damagedSnapshots: number
}>

/** The store as it lies on the disk, made only when there never was one. */
const openStore = async (disk: Disk, create: boolean, remembered: () => Opening<Mark | undefined>) => {
  const found = await disk.open(false)()
  if (E.isRight(found) || found.left._tag !== 'StoreMissing') return found
  const cell = await remembered()
  if (E.isLeft(cell)) return cell
  if (cell.right !== undefined) return E.left({ _tag: 'LogMissing', remembered: cell.right.revision } as const)
  return create ? await disk.open(true)() : found
}

/** Writes down that the log was opened once more, and removes what nobody can use. */
const recordBoot = async ({ disk, seal }: Parts, store: KeyValueStore, mark: Mark, strays: Survey['strays']) => {
  const remembered = await disk.nvram.write(sealMark(seal, DOMAIN.cell, mark))()
  if (E.isLeft(remembered)) return remembered
  return await store.batch([
    ...strays.map((key) => ({ type: 'del', key }) as const),
    { type: 'put', key: HEAD_KEY, value: sealMark(seal, DOMAIN.head, mark) },
  ])()
}

const openVerified = async (parts: Parts, store: KeyValueStore, options: OpenOptions): Opening<EventStore> => {
  const sound = await verifyLog(parts, store, options)
  if (E.isLeft(sound)) return sound
  const { head, snapshots, strays } = sound.right
  const bootCounter = sound.right.bootCounter + 1
  const mark = { ...head, previousRevision: head.revision, bootCounter, identity: parts.identity }
  const booted = await recordBoot(parts, store, mark, strays)
  if (E.isLeft(booted)) return booted
  return E.right(verifiedStore(parts, store, { head, bootCounter, snapshots, snapshotsDropped: strays.length }))
}

const partsOf = ({ disk, primitives }: HasDisk & HasSha256, { identity, macKey }: LogOwner): Parts => {
  invariant(IDENTITY.test(identity), 'an identity is 1 to 64 printable ASCII characters')
  const env = { primitives }
  const genesis = genesisHash(env, identity)
  return { disk, primitives, identity, mac: macUnder(env, macKey), seal: sealUnder(env, macKey), genesis }
}

/**
 * Opens `identity`'s log and verifies it: from its newest sound snapshot (or its genesis) to its head, and against the
 * head file. Nothing is repaired: a log that is not what this HSM acknowledged is a failure that names what is wrong.
 */
export const openEventStore =
  (env: HasDisk & HasSha256, options: OpenOptions): TaskEither<OpenFailure, EventStore> =>
  async () => {
    const parts = partsOf(env, options)
    const store = await openStore(env.disk, options.create, () => readCell(parts))
    if (E.isLeft(store)) return store
    const opened = await openVerified(parts, store.right, options)
    if (E.isLeft(opened)) await store.right.close()()
    return opened
  }

/**
 * Verifies a closed log as `openEventStore` does, and changes nothing: it is no boot, and drops no snapshot. For
 * whoever folds the history again while its owner is not running.
 */
export const inspectLog =
  (
    env: HasDisk & HasSha256,
    options: LogOwner & Readonly<{ replay?: Replay }>,
  ): TaskEither<OpenFailure, InspectedLog> =>
  async () => {
    const parts = partsOf(env, options)
    const store = await openStore(env.disk, false, () => readCell(parts))
    if (E.isLeft(store)) return store
    const sound = await verifyLog(parts, store.right, { ...options, create: false })
    const closed = await store.right.close()()
    if (E.isLeft(sound)) return sound
    if (E.isLeft(closed)) return closed
    const { head, bootCounter, strays } = sound.right
    return E.right({ head, bootCounter, damagedSnapshots: strays.length })
  }
