import * as E from 'fp-ts/lib/Either.js'
import type { HsmId } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { DeviceStorage } from '@hsmlab/ports'
import type { ControlNotification, ControlRefusal, ControlRequestOf, HsmDescription } from '@hsmlab/protocol'
import { destroySealingKey, readDeviceKeys } from './device-key.ts'
import { type Hsm, type HsmAnswer, refusal } from './hsm.ts'
import type { HsmEnv } from './hsm-env.ts'
import {
  createHsm,
  describeHsmFailure,
  gravityOf,
  type HsmOpenFailure,
  type IdentityReply,
  openHsm,
} from './open-hsm.ts'

export type RunningHsm = Hsm & Readonly<{ identityOf: () => Promise<IdentityReply> }>

/** Why an HSM does not run, as it is described. `unfinished`: there is nothing to describe yet. */
type Trouble = Readonly<{ condition: 'unfinished' | 'stopped' | 'failed' | 'zeroized'; reason: string }>

/** An HSM as the rack knows it: running, off, or in trouble. */
type Slot = {
  running: RunningHsm | undefined
  trouble: Trouble | undefined
  /** How often its storage failed since it last ran for long. */
  failures: number
  openedAt: number
  /** Cancels the opening that is due later. */
  cancelRetry: () => void
  /** What is done with it now: an HSM is opened, stopped and made by one at a time, or its log would be open twice. */
  turn: Promise<unknown>
}

/** An HSM whose storage failed is opened anew: at once, then after this time, then twice as long each time. */
const RETRY_MILLIS = 1000
const RETRY_MILLIS_MAX = 30_000
/** An HSM that ran for so long has got over its failures. */
const WELL_MILLIS = 60_000

/** The HSMs of one rack, each doing one thing at a time. */
export interface Slots {
  readonly ids: () => ReadonlyArray<HsmId>
  readonly running: (hsmId: HsmId) => RunningHsm | undefined
  readonly use: <A>(hsmId: HsmId, use: (hsm: RunningHsm) => HsmAnswer<A>) => HsmAnswer<A>
  readonly describe: () => ReadonlyArray<HsmDescription>
  /** Opens what lies in the storage; what was zeroised stays shut. */
  readonly openAll: (hsmIds: ReadonlyArray<HsmId>) => Promise<void>
  /** Makes the HSM, unless it is there. */
  readonly provision: (request: ControlRequestOf<'provisionHsm'>) => Promise<void>
  /** Destroys its key, whether it runs or not, and forgets it. */
  readonly decommission: (hsmId: HsmId) => HsmAnswer<void>
  readonly crash: (hsmId: HsmId) => Promise<void>
  readonly restart: (hsmId: HsmId) => Promise<void>
  /** For good: `crash` as if the power were cut, `stop` in good order. */
  readonly end: (how: 'crash' | 'stop') => Promise<void>
}

const isStopped = ({ trouble }: Slot): boolean => trouble?.condition === 'stopped'

const NO_DIGEST = toBase64(new Uint8Array(0))

export const hsmSlots = (
  env: HsmEnv,
  storage: DeviceStorage,
  notify: (notification: ControlNotification) => void,
): Slots => {
  const { clock, logger } = env
  const slots = new Map<HsmId, Slot>()
  let hasEnded = false

  const slotOf = (hsmId: HsmId): Slot => {
    const known = slots.get(hsmId)
    if (known !== undefined) return known
    const slot: Slot = {
      running: undefined,
      trouble: undefined,
      failures: 0,
      openedAt: 0,
      cancelRetry: () => undefined,
      turn: Promise.resolve(),
    }
    slots.set(hsmId, slot)
    return slot
  }

  /** Does `work` when everything begun before with this HSM is done. */
  const inTurn = <A>(hsmId: HsmId, work: (slot: Slot) => Promise<A>): Promise<A> => {
    const slot = slotOf(hsmId)
    const run = (): Promise<A> => work(slot)
    const done = slot.turn.then(run, run)
    slot.turn = done
    return done
  }

  const troubleOf = (hsmId: HsmId, failure: HsmOpenFailure): Trouble => ({
    condition: gravityOf(failure),
    reason: describeHsmFailure(failure, hsmId),
  })

  const open = async (slot: Slot, hsmId: HsmId): Promise<void> => {
    slot.cancelRetry()
    if (slot.running !== undefined || hasEnded) return
    const opened = await openHsm(env, storage.home(hsmId), hsmId, {
      failed: () => void inTurn(hsmId, (failed) => recover(failed, hsmId)),
      notify: (what) => notify({ hsmId, what }),
    })
    slot.openedAt = clock.monotonicMillis()
    slot.running = E.isRight(opened) ? opened.right : undefined
    slot.trouble = E.isLeft(opened) ? troubleOf(hsmId, opened.left) : undefined
    if (slot.trouble !== undefined) logger.log('error', slot.trouble.reason, { hsmId })
    if (isStopped(slot)) retryLater(slot, hsmId)
  }

  const retryLater = (slot: Slot, hsmId: HsmId): void => {
    const delay = Math.min(RETRY_MILLIS * 2 ** slot.failures, RETRY_MILLIS_MAX)
    slot.failures += 1
    const retry = async (): Promise<void> => {
      await open(slot, hsmId)
      if (slot.running !== undefined) notify({ hsmId, what: 'returned' })
    }
    slot.cancelRetry = clock.after(delay, () => void inTurn(hsmId, retry))
  }

  const crashNow = async (slot: Slot): Promise<void> => {
    slot.cancelRetry()
    const { running } = slot
    slot.running = undefined
    await running?.crash()
  }

  /** The first failed write stops the log; what is on the disk is found out by opening it anew. */
  const recover = async (slot: Slot, hsmId: HsmId): Promise<void> => {
    // Switched off meanwhile.
    if (slot.running === undefined) return
    await crashNow(slot)
    if (clock.monotonicMillis() - slot.openedAt > WELL_MILLIS) slot.failures = 0
    logger.log('warn', 'an HSM could not write its log and is opened anew', { hsmId })
    if (slot.failures === 0) {
      slot.failures = 1
      await open(slot, hsmId)
    } else {
      slot.trouble = { condition: 'stopped', reason: `The log of ${hsmId} could not be written.` }
      retryLater(slot, hsmId)
    }
    notify({ hsmId, what: slot.running === undefined ? 'failed' : 'returned' })
  }

  const described = ([hsmId, { running, trouble }]: [HsmId, Slot]): ReadonlyArray<HsmDescription> => {
    if (running !== undefined) return [running.describe()]
    if (trouble === undefined || trouble.condition === 'unfinished') return []
    const { condition, reason } = trouble
    const nothing = { position: 0, membershipVersion: 0, keys: 0, users: 0, digest: NO_DIGEST, lag: {} }
    return [{ hsmId, condition, reason, activated: false, ...nothing }]
  }

  const use: Slots['use'] = async (hsmId, work) => {
    const slot = slots.get(hsmId)
    if (slot === undefined) return refusal('unknownHsm', `This rack has no ${hsmId}.`)
    if (slot.running !== undefined) return work(slot.running)
    return refusal('damaged', slot.trouble?.reason ?? `${hsmId} is switched off.`)
  }

  /** An HSM that does not run: what it holds goes with its key. */
  const destroyKeyOf = async (hsmId: HsmId): Promise<E.Either<ControlRefusal, void>> => {
    const { deviceKey } = storage.home(hsmId)
    const keys = await readDeviceKeys(deviceKey)()
    if (E.isLeft(keys)) {
      const isGone = keys.left._tag === 'DeviceKeyMissing' || keys.left._tag === 'DeviceKeyMalformed'
      return isGone ? E.right(undefined) : refusal('damaged', 'The sealing key cannot be reached.')
    }
    const destroyed = await destroySealingKey(deviceKey, keys.right)()
    return E.isLeft(destroyed) ? refusal('damaged', 'The sealing key could not be destroyed.') : E.right(undefined)
  }

  /** A zeroised HSM has nothing to do but to say that it is one. */
  const shut = async (slot: Slot): Promise<void> => {
    if (slot.running?.describe().condition !== 'zeroized') return
    await slot.running.stop()
    slot.running = undefined
    slot.trouble = { condition: 'zeroized', reason: 'The HSM was zeroized.' }
  }

  return {
    ids: () => [...slots.keys()],
    running: (hsmId) => slots.get(hsmId)?.running,
    use,
    describe: () => [...slots].flatMap(described),
    openAll: async (hsmIds) => {
      const opening = hsmIds.map((hsmId) =>
        inTurn(hsmId, async (slot) => {
          await open(slot, hsmId)
          await shut(slot)
        }),
      )
      await Promise.all(opening)
    },
    provision: (request) =>
      inTurn(request.hsmId, async (slot) => {
        const { hsmId } = request
        slot.trouble = undefined
        // What is there already is not made anew, even if it is switched off or cannot be opened just now.
        if ((await storage.list()).includes(hsmId)) await open(slot, hsmId)
        if (slot.running !== undefined || isStopped(slot) || hasEnded) return
        await storage.remove(hsmId)
        const created = await createHsm(env, storage.home(hsmId), request)
        if (E.isLeft(created)) slot.trouble = troubleOf(hsmId, created.left)
        else await open(slot, hsmId)
      }),
    decommission: async (hsmId) => {
      if (!slots.has(hsmId)) return E.right(undefined)
      return inTurn(hsmId, async (slot) => {
        slot.cancelRetry()
        const gone = await (slot.running?.zeroize() ?? destroyKeyOf(hsmId))
        if (E.isLeft(gone)) return gone
        await slot.running?.stop()
        slots.delete(hsmId)
        return gone
      })
    },
    crash: (hsmId) => inTurn(hsmId, crashNow),
    restart: (hsmId) =>
      inTurn(hsmId, async (slot) => {
        slot.failures = 0
        await open(slot, hsmId)
      }),
    end: async (how) => {
      hasEnded = true
      const ending = [...slots.keys()].map((hsmId) =>
        inTurn(hsmId, async (slot) => {
          slot.cancelRetry()
          if (how === 'crash') return crashNow(slot)
          await slot.running?.stop()
          slot.running = undefined
        }),
      )
      await Promise.all(ending)
    },
  }
}
