import * as E from 'fp-ts/lib/Either.js'
import { type ControlClient, controlClient } from '@hsmlab/application'
import type { Ed25519KeyPair, X25519KeyPair } from '@hsmlab/crypto'
import type { BackupId, CommandId } from '@hsmlab/domain'
import { type Base64, canonicalJson, invariant, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { subject } from '@hsmlab/ports'
import {
  BACKUP_CHUNK_SIZE_MAX,
  type ControlOperationName,
  type ControlReplyOf,
  type ControlRequestOf,
  type Member,
  Membership,
  type SignedMembership,
  subjects,
} from '@hsmlab/protocol'
import type { SimulatedCa } from '../certificates/simulated-certificates.ts'
import { CLUSTER_ID, type Place } from './places.ts'
import type { Process } from './process.ts'

const MODE = 'FIPS'
const HSM_TYPE = 'hsm2m.medium'
const REQUEST_MILLIS = 5000

export type ControllerKeys = Readonly<{
  /** The channel to the racks. */
  channel: X25519KeyPair
  /** Signs memberships. */
  signing: Ed25519KeyPair
}>

/** Does what the controller does for one cluster, step by step and without a log of its own. */
export interface ScriptedController {
  /** The first HSM: provisioned, certified by `ca`, initialized. */
  readonly createFirst: (place: Place, ca: SimulatedCa) => Promise<void>
  /** A further HSM, out of a backup of `source`. */
  readonly createNext: (place: Place, source: Place) => Promise<void>
}

export type RackAddress = Readonly<{ zone: string; rackKey: Uint8Array }>

export const scriptedController = (
  process: Process,
  keys: ControllerKeys,
  racks: ReadonlyArray<RackAddress>,
): ScriptedController => {
  const { bus, engine, clock } = process
  const channels = new Map<string, ControlClient>(
    racks.map(({ zone, rackKey }) => [
      zone,
      controlClient(process, {
        availabilityZone: zone,
        controllerKey: keys.channel,
        rackKey,
        onNotification: () => undefined,
      }),
    ]),
  )
  const members: Array<Member & Readonly<{ place: Place }>> = []
  let current: SignedMembership | undefined
  let version = 0
  let commands = 0

  const commandId = (): CommandId => `command-${(commands += 1)}` as CommandId

  const ask = async <Name extends ControlOperationName>(
    { zone }: Place,
    name: Name,
    request: ControlRequestOf<Name>,
  ): Promise<ControlReplyOf<Name>> => {
    const answer = await channels.get(zone)?.request(name, request, REQUEST_MILLIS)
    invariant(answer !== undefined && E.isRight(answer), `${zone} does ${name}: ${JSON.stringify(answer)}`)
    return answer.right
  }

  const provision = async (place: Place, first: boolean): Promise<ControlReplyOf<'provisionHsm'>> => {
    const { hsmId, zone, eniIp, lane } = place
    const reply = await ask(place, 'provisionHsm', {
      commandId: commandId(),
      hsmId,
      clusterId: CLUSTER_ID,
      lane,
      availabilityZone: zone,
      eniIp,
      hsmType: HSM_TYPE,
      mode: MODE,
      first,
      controllerKey: toBase64(keys.signing.publicKey),
    })
    members.push({ place, hsmId, availabilityZone: zone, eniIp, lane, identityKey: reply.identityKey })
    return reply
  }

  const signedMembership = (): SignedMembership => {
    version += 1
    const membership: Membership = { clusterId: CLUSTER_ID, version, mode: MODE, hsmType: HSM_TYPE, members }
    const document = canonicalJson(Membership.encode(membership))
    const signature: Base64 = toBase64(engine.ed25519.sign(keys.signing.privateKey, utf8Bytes(document)))
    return { document, signature }
  }

  const announce = async (): Promise<void> => {
    const signed = signedMembership()
    current = signed
    for (const { place, hsmId } of members) {
      await ask(place, 'installMembership', { commandId: commandId(), hsmId, ...signed })
    }
  }

  const carryBackup = async (source: Place, target: Place): Promise<void> => {
    const backupId = 'backup-abcdefghijk' as BackupId
    const { size, digest } = await ask(source, 'takeBackup', { commandId: commandId(), hsmId: source.hsmId, backupId })
    for (let offset = 0; offset < size; offset += BACKUP_CHUNK_SIZE_MAX) {
      const { bytes } = await ask(source, 'readBackup', { hsmId: source.hsmId, backupId, offset })
      await ask(target, 'writeBackup', { hsmId: target.hsmId, backupId, offset, bytes })
    }
    await ask(target, 'restoreBackup', { commandId: commandId(), hsmId: target.hsmId, backupId, size, digest })
  }

  bus.serve(subject(subjects.memberships), () =>
    Promise.resolve(utf8Bytes(canonicalJson({ memberships: current === undefined ? [] : [current] }))),
  )

  return {
    createFirst: async (place, ca) => {
      const { certificates } = await provision(place, true)
      const certificate = certificates && ca.sign(certificates.clusterCsr, clock.wallMicros())
      invariant(certificate !== undefined, 'the first HSM shows a CSR')
      const { hsmId } = place
      const request = { commandId: commandId(), hsmId, certificate, trustAnchor: ca.trustAnchor }
      await ask(place, 'installClusterCertificate', request)
      await announce()
    },
    createNext: async (place, source) => {
      await provision(place, false)
      await carryBackup(source, place)
      await announce()
    },
  }
}
