import * as E from 'fp-ts/lib/Either.js'
import { HsmIdCodec } from '@hsmlab/domain'
import type { LogName } from '@hsmlab/protocol/local'
import type { Hsm } from '../hsm/hsm.ts'
import type { HsmEnv } from '../hsm/hsm-env.ts'
import { type Rack, type RackPart, startRack } from '../hsm/rack.ts'
import type { RackHandle } from './parts.ts'
import { readStore } from './read-store.ts'

/** A rack of this process, which can lose its power and get it back. */
export interface LocalRack extends RackHandle {
  readonly stop: () => Promise<void>
}

const switchedOff = (log: LogName) => E.left({ code: 'SwitchedOff', message: `${log} is not running here.` })

export const localRack = async (env: HsmEnv, part: RackPart): Promise<LocalRack> => {
  let rack: Rack | undefined = await startRack(env, part)
  const running = (log: LogName): Hsm | undefined => (HsmIdCodec.is(log) ? rack?.hsm(log) : undefined)
  return {
    availabilityZone: part.availabilityZone,
    describe: async () => rack?.describe() ?? [],
    keyHandles: async (hsmId) => rack?.hsm(hsmId)?.keyHandles() ?? [],
    crashHsm: async (hsmId) => {
      if (rack?.hsmIds().includes(hsmId) !== true) return false
      await rack.crashHsm(hsmId)
      return true
    },
    restartHsm: async (hsmId) => {
      if (rack?.hsmIds().includes(hsmId) !== true) return false
      await rack.restartHsm(hsmId)
      return true
    },
    crash: async () => {
      const before = rack
      rack = undefined
      await before?.crash()
    },
    restart: async () => {
      rack ??= await startRack(env, part)
    },
    logs: async () =>
      (rack?.hsmIds() ?? []).flatMap((hsmId) => {
        const hsm = rack?.hsm(hsmId)
        if (hsm === undefined) return []
        return [{ log: hsmId, clusterId: hsm.clusterId, length: hsm.store.durableHead().revision }]
      }),
    readLog: async (log, from, to, visit) => {
      const hsm = running(log)
      return hsm === undefined ? switchedOff(log) : readStore(hsm.store, from, to, visit)
    },
    liveState: async (log) => {
      const hsm = running(log)
      if (hsm === undefined) return switchedOff(log)
      const live = await hsm.canonicalState()
      // Its log has stopped: it is opened anew, or stays off.
      if (E.isLeft(live)) return switchedOff(log)
      const { revision, state } = live.right
      return E.right({ length: revision, state })
    },
    stop: async () => {
      const before = rack
      rack = undefined
      await before?.stop()
    },
  }
}
