import * as E from 'fp-ts/lib/Either.js'
import type { X25519KeyPair } from '@hsmlab/crypto'
import { type AvailabilityZone, type HsmId, HsmIdCodec } from '@hsmlab/domain'
import { fromBase64, toBase64 } from '@hsmlab/event-sourcing'
import type { DeviceStorage } from '@hsmlab/ports'
import { BACKUP_CHUNK_SIZE_MAX, BACKUP_SIZE_MAX, type ControlRefusal, type HsmDescription } from '@hsmlab/protocol'
import { type ControlHandlers, serveControl } from '../control-channel/control-server.ts'
import { type Hsm, type HsmAnswer, refusal } from './hsm.ts'
import type { HsmEnv } from './hsm-env.ts'
import { createHsm, describeHsmFailure, type HsmOpenFailure, type IdentityReply, openHsm } from './open-hsm.ts'

export type RackPart = Readonly<{
  availabilityZone: AvailabilityZone
  rackKey: X25519KeyPair
  /** Raw X25519 public key of the controller. */
  controllerKey: Uint8Array
  storage: DeviceStorage
}>

/** The HSMs of one Availability Zone. */
export interface Rack {
  readonly availabilityZone: AvailabilityZone
  readonly describe: () => ReadonlyArray<HsmDescription>
  readonly hsm: (hsmId: HsmId) => Hsm | undefined
  readonly hsmIds: () => ReadonlyArray<HsmId>
  /** As if its power were cut. */
  readonly crashHsm: (hsmId: HsmId) => Promise<void>
  /** Starts it again, on its own log. */
  readonly restartHsm: (hsmId: HsmId) => Promise<void>
  /** The whole rack loses power: its HSMs, and the control channel. */
  readonly crash: () => Promise<void>
  readonly stop: () => Promise<void>
}

type RunningHsm = Hsm & Readonly<{ identityOf: () => Promise<IdentityReply> }>

/** An HSM as the rack knows it: running, off, or with a storage that cannot be opened. */
type Slot = {
  running: RunningHsm | undefined
  failure: string | undefined
  /** How often its storage failed since it last ran for long. */
  failures: number
  openedAt: number
  /** Cancels the opening that is due later. */
  cancelRetry: () => void
  /** What is done with it now: an HSM is opened, stopped and made by one at a time, or its log would be open twice. */
  turn: Promise<void>
}

/** An HSM whose storage failed is opened anew: at once, then after this time, then twice as long each time. */
const RETRY_MILLIS = 1000
const RETRY_MILLIS_MAX = 30_000
/** An HSM that ran for so long has got over its failures. */
const WELL_MILLIS = 60_000

/** A disk that is full or failing may be well again later; a log that was damaged may not. */
const mayPass = (failure: HsmOpenFailure): boolean =>
  failure._tag === 'StoreFull' || failure._tag === 'StoreUnavailable' || failure._tag === 'StoreStopped'

type Transfer = { backup: Uint8Array; written: number }

/** Opens every HSM that the storage holds, and serves the controller. */
export const startRack = async (env: HsmEnv, part: RackPart): Promise<Rack> => {
  const { clock, engine, logger } = env
  const { storage } = part
  const slots = new Map<HsmId, Slot>()
  const taken = new Map<string, Uint8Array>()
  const incoming = new Map<string, Transfer>()

  const slotOf = (hsmId: HsmId): Slot => {
    const slot = slots.get(hsmId) ?? {
      running: undefined,
      failure: undefined,
      failures: 0,
      openedAt: 0,
      cancelRetry: () => undefined,
      turn: Promise.resolve(),
    }
    slots.set(hsmId, slot)
    return slot
  }

  /** Does `work` when everything begun before with this HSM is done. */
  const inTurn = (hsmId: HsmId, work: (slot: Slot) => Promise<void>): Promise<void> => {
    const slot = slotOf(hsmId)
    const run = (): Promise<void> => work(slot)
    slot.turn = slot.turn.then(run, run)
    return slot.turn
  }

  const open = async (slot: Slot, hsmId: HsmId): Promise<void> => {
    slot.cancelRetry()
    if (slot.running !== undefined) return
    const opened = await openHsm(env, storage.home(hsmId), hsmId, {
      failed: () => void inTurn(hsmId, (failed) => recover(failed, hsmId)),
      notify: (what) => control.notify({ hsmId, what }),
    })
    slot.openedAt = clock.monotonicMillis()
    slot.running = E.isRight(opened) ? opened.right : undefined
    slot.failure = E.isLeft(opened) ? describeHsmFailure(opened.left, hsmId) : undefined
    if (E.isRight(opened)) return
    logger.log('error', describeHsmFailure(opened.left, hsmId), { hsmId })
    if (mayPass(opened.left)) retryLater(slot, hsmId)
  }

  const crash = async (slot: Slot): Promise<void> => {
    slot.cancelRetry()
    const { running } = slot
    slot.running = undefined
    await running?.crash()
  }

  const retryLater = (slot: Slot, hsmId: HsmId): void => {
    const delay = Math.min(RETRY_MILLIS * 2 ** slot.failures, RETRY_MILLIS_MAX)
    slot.failures += 1
    slot.cancelRetry = clock.after(
      delay,
      () =>
        void inTurn(hsmId, async () => {
          await open(slot, hsmId)
          if (slot.running !== undefined) control.notify({ hsmId, what: 'returned' })
        }),
    )
  }

  /** The first failed write stops the log; what is on the disk is found out by opening it anew. */
  const recover = async (slot: Slot, hsmId: HsmId): Promise<void> => {
    // Switched off meanwhile.
    if (slot.running === undefined) return
    await crash(slot)
    if (clock.monotonicMillis() - slot.openedAt > WELL_MILLIS) slot.failures = 0
    logger.log('warn', 'an HSM could not write its log and is opened anew', { hsmId })
    if (slot.failures === 0) {
      slot.failures = 1
      await open(slot, hsmId)
    } else {
      slot.failure = `The log of ${hsmId} could not be written.`
      retryLater(slot, hsmId)
    }
    control.notify({ hsmId, what: slot.running === undefined ? 'failed' : 'returned' })
  }

  const running = (hsmId: HsmId): E.Either<ControlRefusal, RunningHsm> => {
    const slot = slots.get(hsmId)
    if (slot === undefined) return refusal('unknownHsm', `This rack has no ${hsmId}.`)
    return slot.running === undefined
      ? refusal('damaged', slot.failure ?? `${hsmId} is switched off.`)
      : E.right(slot.running)
  }

  const withHsm = async <A>(hsmId: HsmId, use: (hsm: RunningHsm) => HsmAnswer<A>): HsmAnswer<A> => {
    const hsm = running(hsmId)
    return E.isLeft(hsm) ? hsm : use(hsm.right)
  }

  const nothing = <A>(answer: E.Either<ControlRefusal, A>): E.Either<ControlRefusal, Record<string, never>> =>
    E.isLeft(answer) ? answer : E.right({})

  const describe = (): ReadonlyArray<HsmDescription> =>
    [...slots.values()].flatMap(({ running: hsm }) => (hsm === undefined ? [] : [hsm.describe()]))

  const digestOf = (backup: Uint8Array) => toBase64(engine.sha256(backup))

  const handlers: ControlHandlers = {
    provisionHsm: async (request) => {
      const { hsmId } = request
      await inTurn(hsmId, async (slot) => {
        if (slot.running !== undefined) return
        await storage.remove(hsmId)
        const created = await createHsm(env, storage.home(hsmId), request)
        if (E.isLeft(created)) slot.failure = describeHsmFailure(created.left, hsmId)
        else await open(slot, hsmId)
      })
      return withHsm(hsmId, async (hsm) => E.right(await hsm.identityOf()))
    },
    installClusterCertificate: async ({ hsmId, certificate, trustAnchor }) =>
      nothing(await withHsm(hsmId, (hsm) => hsm.installClusterCertificate(certificate, trustAnchor))),
    takeBackup: ({ hsmId, backupId }) =>
      withHsm(hsmId, async (hsm) => {
        const backup = await hsm.takeBackup(backupId)
        if (E.isLeft(backup)) return backup
        const bytes = backup.right.backup
        // One at a time: a backup is read before the next one is taken.
        taken.clear()
        taken.set(backupId, bytes)
        return E.right({ backupId, size: bytes.length, digest: digestOf(bytes), position: backup.right.position })
      }),
    readBackup: async ({ backupId, offset }) => {
      const backup = taken.get(backupId)
      if (backup === undefined) return refusal('wrongCondition', 'This rack does not hold that backup.')
      return E.right({ bytes: toBase64(backup.subarray(offset, offset + BACKUP_CHUNK_SIZE_MAX)) })
    },
    writeBackup: async ({ backupId, offset, bytes }) => {
      const chunk = fromBase64(bytes)
      const before = incoming.get(backupId) ?? { backup: new Uint8Array(0), written: 0 }
      if (offset > before.written || offset + chunk.length > BACKUP_SIZE_MAX) {
        return refusal('malformed', 'Chunks of a backup come in order.')
      }
      const end = offset + chunk.length
      const backup = new Uint8Array(Math.max(before.written, end))
      backup.set(before.backup)
      backup.set(chunk, offset)
      incoming.set(backupId, { backup, written: backup.length })
      return E.right({})
    },
    restoreBackup: ({ hsmId, backupId, size, digest }) =>
      withHsm(hsmId, async (hsm) => {
        const backup = incoming.get(backupId)?.backup
        if (backup === undefined) return refusal('wrongCondition', 'The backup was not written to this rack.')
        incoming.delete(backupId)
        if (backup.length !== size || digestOf(backup) !== digest) {
          return refusal('damaged', 'The backup did not arrive as it was sent.')
        }
        return nothing(await hsm.restoreBackup(backup))
      }),
    installMembership: async ({ hsmId, document, signature }) =>
      nothing(await withHsm(hsmId, (hsm) => hsm.installMembership(document, signature))),
    describeHsm: ({ hsmId }) => withHsm(hsmId, async (hsm) => E.right(hsm.describe())),
    describeRack: async () => E.right({ hsms: describe() }),
    handOverHsm: ({ hsmId }) => withHsm(hsmId, (hsm) => hsm.handOver()),
    decommissionHsm: async ({ hsmId }) => {
      if (!slots.has(hsmId)) return E.right({})
      await inTurn(hsmId, async (slot) => {
        slot.cancelRetry()
        await slot.running?.zeroize()
        await slot.running?.stop()
        slots.delete(hsmId)
      })
      return E.right({})
    },
    zeroizeHsm: async ({ hsmId }) => {
      const zeroized = await withHsm(hsmId, (hsm) => hsm.zeroize())
      control.notify({ hsmId, what: 'failed' })
      return nothing(zeroized)
    },
  }

  const control = serveControl(env, { ...part, handlers })
  const decommissioned = (hsmId: HsmId): boolean => slots.get(hsmId)?.running?.describe().condition === 'zeroized'
  const isHsmId = HsmIdCodec.is
  await Promise.all((await storage.list()).filter(isHsmId).map((hsmId) => inTurn(hsmId, (slot) => open(slot, hsmId))))
  for (const hsmId of slots.keys()) {
    if (!decommissioned(hsmId)) continue
    await slots.get(hsmId)?.running?.stop()
    slots.delete(hsmId)
  }

  const crashHsm = (hsmId: HsmId): Promise<void> => inTurn(hsmId, crash)

  return {
    availabilityZone: part.availabilityZone,
    describe,
    hsm: (hsmId) => slots.get(hsmId)?.running,
    hsmIds: () => [...slots.keys()],
    crashHsm,
    restartHsm: (hsmId) =>
      inTurn(hsmId, async (slot) => {
        slot.failures = 0
        await open(slot, hsmId)
      }),
    crash: async () => {
      control.close()
      await Promise.all([...slots.keys()].map(crashHsm))
    },
    stop: async () => {
      control.close()
      await Promise.all(
        [...slots.keys()].map((hsmId) =>
          inTurn(hsmId, async ({ running: hsm, cancelRetry }) => {
            cancelRetry()
            await hsm?.stop()
          }),
        ),
      )
    },
  }
}
