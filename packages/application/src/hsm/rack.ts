import * as E from 'fp-ts/lib/Either.js'
import type { X25519KeyPair } from '@hsmlab/crypto'
import { type AvailabilityZone, type HsmId, HsmIdCodec } from '@hsmlab/domain'
import { fromBase64, toBase64 } from '@hsmlab/event-sourcing'
import type { DeviceStorage } from '@hsmlab/ports'
import type { ControlRefusal, HsmDescription } from '@hsmlab/protocol'
import { type ControlHandlers, serveControl } from '../control-channel/control-server.ts'
import { backupTransfers } from './backup-transfers.ts'
import { type Hsm, refusal } from './hsm.ts'
import type { HsmEnv } from './hsm-env.ts'
import { hsmSlots } from './slots.ts'

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

const nothing = <A>(answer: E.Either<ControlRefusal, A>): E.Either<ControlRefusal, Record<string, never>> =>
  E.isLeft(answer) ? answer : E.right({})

/** Opens every HSM that the storage holds, and serves the controller. */
export const startRack = async (env: HsmEnv, part: RackPart): Promise<Rack> => {
  const { engine } = env
  const slots = hsmSlots(env, part.storage, (notification) => control.notify(notification))
  const transfers = backupTransfers()
  const digestOf = (backup: Uint8Array) => toBase64(engine.sha256(backup))

  const handlers: ControlHandlers = {
    provisionHsm: async (request) => {
      await slots.provision(request)
      return slots.use(request.hsmId, async (hsm) => E.right(await hsm.identityOf()))
    },
    installClusterCertificate: async ({ hsmId, certificate, trustAnchor }) =>
      nothing(await slots.use(hsmId, (hsm) => hsm.installClusterCertificate(certificate, trustAnchor))),
    takeBackup: ({ hsmId, backupId }) =>
      slots.use(hsmId, async (hsm) => {
        const taken = await hsm.takeBackup(backupId)
        if (E.isLeft(taken)) return taken
        const { backup, position } = taken.right
        transfers.offer(hsmId, backupId, backup)
        return E.right({ backupId, size: backup.length, digest: digestOf(backup), position })
      }),
    readBackup: async ({ backupId, offset }) =>
      E.map((piece: Uint8Array) => ({ bytes: toBase64(piece) }))(transfers.read(backupId, offset)),
    writeBackup: async ({ hsmId, backupId, offset, bytes }) =>
      nothing(transfers.write(hsmId, backupId, offset, fromBase64(bytes))),
    restoreBackup: ({ hsmId, backupId, size, digest }) =>
      slots.use(hsmId, async (hsm) => {
        const backup = transfers.take(hsmId, backupId)
        if (backup === undefined) return refusal('unready', 'The backup was not written to this rack.')
        if (backup.length !== size || digestOf(backup) !== digest) {
          return refusal('damaged', 'The backup did not arrive as it was sent.')
        }
        return nothing(await hsm.restoreBackup(backup))
      }),
    installMembership: async ({ hsmId, document, signature }) =>
      nothing(await slots.use(hsmId, (hsm) => hsm.installMembership(document, signature))),
    describeHsm: ({ hsmId }) => slots.use(hsmId, async (hsm) => E.right(hsm.describe())),
    describeRack: async () => E.right({ hsms: slots.describe() }),
    handOverHsm: ({ hsmId }) => slots.use(hsmId, (hsm) => hsm.handOver()),
    decommissionHsm: async ({ hsmId }) => {
      transfers.forget(hsmId)
      return nothing(await slots.decommission(hsmId))
    },
    zeroizeHsm: async ({ hsmId }) => {
      transfers.forget(hsmId)
      const zeroized = await slots.use(hsmId, (hsm) => hsm.zeroize())
      control.notify({ hsmId, what: 'failed' })
      return nothing(zeroized)
    },
  }

  const control = serveControl(env, { ...part, handlers })
  await slots.openAll((await part.storage.list()).filter(HsmIdCodec.is))

  return {
    availabilityZone: part.availabilityZone,
    describe: slots.describe,
    hsm: slots.running,
    hsmIds: slots.ids,
    crashHsm: slots.crash,
    restartHsm: slots.restart,
    crash: async () => {
      control.close()
      await slots.end('crash')
    },
    stop: async () => {
      control.close()
      await slots.end('stop')
    },
  }
}
