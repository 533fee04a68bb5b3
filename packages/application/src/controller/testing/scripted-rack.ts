import * as E from 'fp-ts/lib/Either.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { HsmId, AvailabilityZone, ClusterId } from '@hsmlab/domain'
import { fromBase64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { X25519KeyPair } from '@hsmlab/crypto'
import type { HasBus, HasCryptoEngine, HasLogger, HasRandom } from '@hsmlab/ports'
import {
  BACKUP_CHUNK_SIZE_MAX,
  type ControlOperationName,
  type ControlRefusal,
  type HsmCondition,
  type HsmDescription,
  type IdentityCertificates,
} from '@hsmlab/protocol'
import { type ControlHandlers, serveControl, type ControlServer } from '../../control-channel/control-server.ts'

/** An HSM without cryptography: enough of one for the controller to work with. */
export type ScriptedHsm = {
  readonly hsmId: HsmId
  readonly clusterId: ClusterId
  readonly lane: number
  condition: HsmCondition
  activated: boolean
  membership: string | undefined
  membershipVersion: number
  certificate: string | undefined
  /** What a backup of it holds, and what a restored backup has made of it. */
  content: string
}

export type ScriptedRack = Readonly<{
  hsms: Map<HsmId, ScriptedHsm>
  /** Names of the commands that it was asked, in order; describing ones are left out. */
  commands: ControlOperationName[]
  /** The next `times` commands of this name are refused. */
  refuse: (name: ControlOperationName, refusal: ControlRefusal, times: number) => void
  /** As `cluster activate` does. */
  activate: (hsmId: HsmId) => void
  notify: ControlServer['notify']
  /** Loses power; its HSMs keep what they have. */
  down: () => void
  up: () => void
}>

export type ScriptedRackPart = Readonly<{
  availabilityZone: AvailabilityZone
  rackKey: X25519KeyPair
  controllerKey: Uint8Array
  certificatesOf: (hsmId: HsmId) => IdentityCertificates
}>

const OK = E.right({})
const refusal = (code: ControlRefusal['code'], message: string) => E.left<ControlRefusal>({ code, message })

/** A rack that does what it is told at once, and as often as it is told: to test controllers against. */
export const scriptedRack = (
  env: HasBus & HasCryptoEngine & HasRandom & HasLogger,
  { availabilityZone, rackKey, controllerKey, certificatesOf }: ScriptedRackPart,
): ScriptedRack => {
  const { engine } = env
  const hsms = new Map<HsmId, ScriptedHsm>()
  const commands: ControlOperationName[] = []
  const refusals = new Map<ControlOperationName, { refusal: ControlRefusal; times: number }>()
  let backup = new Uint8Array(0)
  let written = new Uint8Array(0)
  let control: ControlServer | undefined

  const digestOf = (bytes: Uint8Array) => toBase64(engine.sha256(bytes))

  const describe = (hsm: ScriptedHsm): HsmDescription => ({
    clusterId: hsm.clusterId,
    hsmId: hsm.hsmId,
    condition: hsm.condition,
    activated: hsm.activated,
    position: 1,
    membershipVersion: hsm.membershipVersion,
    keys: 0,
    users: 0,
    digest: digestOf(utf8Bytes(hsm.content)),
    lag: {},
  })

  /** Notes the command, and lets `answer` have the HSM unless it is refused or unknown. */
  const onHsm = async <A>(
    name: ControlOperationName,
    hsmId: HsmId,
    answer: (hsm: ScriptedHsm) => E.Either<ControlRefusal, A>,
  ): Promise<E.Either<ControlRefusal, A>> => {
    commands.push(name)
    const scripted = refusals.get(name)
    if (scripted !== undefined && scripted.times > 0) {
      scripted.times -= 1
      return E.left(scripted.refusal)
    }
    const hsm = hsms.get(hsmId)
    return hsm === undefined ? refusal('unknownHsm', `This rack has no ${hsmId}.`) : answer(hsm)
  }

  const handlers: ControlHandlers = {
    provisionHsm: async ({ hsmId, clusterId, lane, first }) => {
      if (!hsms.has(hsmId)) {
        hsms.set(hsmId, {
          hsmId,
          clusterId,
          lane,
          condition: 'provisioned',
          activated: false,
          membership: undefined,
          membershipVersion: 0,
          certificate: undefined,
          content: first ? `made by ${hsmId}` : '',
        })
      }
      return onHsm('provisionHsm', hsmId, () =>
        E.right({
          serialNumber: `SN-${hsmId}`,
          identityKey: toBase64(engine.sha256(utf8Bytes(hsmId))),
          ...(first ? { certificates: certificatesOf(hsmId) } : {}),
        }),
      )
    },
    installClusterCertificate: ({ hsmId, certificate }) =>
      onHsm('installClusterCertificate', hsmId, (hsm) => {
        hsm.certificate = certificate
        hsm.condition = 'initialized'
        return OK
      }),
    takeBackup: ({ hsmId, backupId }) =>
      onHsm('takeBackup', hsmId, (hsm) => {
        backup = utf8Bytes(hsm.content).slice()
        return E.right({ backupId, size: backup.length, digest: digestOf(backup), position: 1 })
      }),
    readBackup: async ({ offset }) =>
      E.right({ bytes: toBase64(backup.subarray(offset, offset + BACKUP_CHUNK_SIZE_MAX)) }),
    writeBackup: ({ hsmId, offset, bytes }) =>
      onHsm('writeBackup', hsmId, () => {
        written = concatBytes(written.subarray(0, offset), fromBase64(bytes))
        return OK
      }),
    restoreBackup: ({ hsmId, size, digest }) =>
      onHsm('restoreBackup', hsmId, (hsm) => {
        if (written.length !== size || digestOf(written) !== digest) return refusal('damaged', 'Not what was sent.')
        hsm.content = `restored: ${[...written].map((byte) => String.fromCharCode(byte)).join('')}`
        hsm.condition = 'restored'
        hsm.activated = true
        return OK
      }),
    installMembership: ({ hsmId, document }) =>
      onHsm('installMembership', hsmId, (hsm) => {
        hsm.membership = document
        hsm.membershipVersion = (JSON.parse(document) as { version: number }).version
        if (hsm.condition === 'restored') hsm.condition = 'serving'
        return OK
      }),
    describeHsm: async ({ hsmId }) => {
      const hsm = hsms.get(hsmId)
      return hsm === undefined ? refusal('unknownHsm', `This rack has no ${hsmId}.`) : E.right(describe(hsm))
    },
    describeRack: async () => E.right({ hsms: [...hsms.values()].map(describe) }),
    handOverHsm: ({ hsmId }) =>
      onHsm('handOverHsm', hsmId, (hsm) => {
        hsm.condition = 'draining'
        return E.right({ position: 1 })
      }),
    decommissionHsm: async ({ hsmId }) => {
      commands.push('decommissionHsm')
      hsms.delete(hsmId)
      return OK
    },
    zeroizeHsm: ({ hsmId }) =>
      onHsm('zeroizeHsm', hsmId, (hsm) => {
        hsm.condition = 'zeroized'
        return OK
      }),
  }

  const up = (): void => {
    control ??= serveControl(env, { availabilityZone, rackKey, controllerKey, handlers })
  }
  const notify: ControlServer['notify'] = (notification) => control?.notify(notification)
  up()

  return {
    hsms,
    commands,
    refuse: (name, refusal, times) => void refusals.set(name, { refusal, times }),
    activate: (hsmId) => {
      const hsm = hsms.get(hsmId)
      if (hsm === undefined) return
      hsm.activated = true
      hsm.condition = 'serving'
      notify({ hsmId, what: 'activated' })
    },
    notify,
    down: () => {
      control?.close()
      control = undefined
    },
    up,
  }
}
