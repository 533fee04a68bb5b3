import * as E from 'fp-ts/lib/Either.js'
import { type ControlClient, controlClient } from '@hsmlab/application'
import type { Ed25519KeyPair, X25519KeyPair } from '@hsmlab/crypto'
import type { BackupId, CommandId } from '@hsmlab/domain'
import { type Base64, canonicalJson, invariant, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { sleep, subject } from '@hsmlab/ports'
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
const REQUEST_MILLIS = 2000
const RETRY_MILLIS = 100

type PlacedMember = Member & Readonly<{ place: Place }>

export type ControllerKeys = Readonly<{
  /** The channel to the racks. */
  channel: X25519KeyPair
  /** Signs memberships. */
  signing: Ed25519KeyPair
}>

/** What the controller knows of its cluster. */
export type ControllerMemory = Readonly<{
  members: ReadonlyArray<PlacedMember>
  version: number
  current: SignedMembership | undefined
}>

const NO_MEMORY: ControllerMemory = { members: [], version: 0, current: undefined }

/** Does what the controller does for one cluster, step by step and without a log of its own. */
export interface ScriptedController {
  /** The first HSM: provisioned, certified by `ca`, initialized. */
  readonly createFirst: (place: Place, ca: SimulatedCa) => Promise<void>
  /** A further HSM, out of a backup of another one that serves; tried until it is there. */
  readonly createNext: (place: Place) => Promise<void>
  /** The storage of `lost` is gone: it is taken out of service, and `next` takes its place in the membership; tried until it is there. */
  readonly replace: (lost: Place, next: Place) => Promise<void>
  /** Who belongs to the cluster now. */
  readonly places: () => ReadonlyArray<Place>
  readonly memory: () => ControllerMemory
  /** Nothing is under way. */
  readonly isIdle: () => boolean
}

export type RackAddress = Readonly<{ zone: string; rackKey: Uint8Array }>

export const scriptedController = (
  process: Process,
  keys: ControllerKeys,
  racks: ReadonlyArray<RackAddress>,
  memory: ControllerMemory = NO_MEMORY,
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
  let { members, version, current } = memory
  let commands = 0
  let underWay = 0
  let attempts = 0

  const commandId = (): CommandId => `command-${(commands += 1)}` as CommandId

  const ask = async <Name extends ControlOperationName>(
    { zone }: Place,
    name: Name,
    request: ControlRequestOf<Name>,
  ): Promise<ControlReplyOf<Name> | undefined> => {
    const answer = await channels.get(zone)?.request(name, request, REQUEST_MILLIS)
    return answer === undefined || E.isLeft(answer) ? undefined : answer.right
  }

  /** Repeats `attempt` until it gives something. */
  const persist = async <A>(attempt: () => Promise<A | undefined>): Promise<A> => {
    underWay += 1
    for (;;) {
      const result = await attempt()
      if (result === undefined) await sleep(clock, RETRY_MILLIS)
      else {
        underWay -= 1
        return result
      }
    }
  }

  const provision = async (place: Place, first: boolean): Promise<ControlReplyOf<'provisionHsm'>> => {
    const { hsmId, zone, eniIp, lane } = place
    return await persist(() =>
      ask(place, 'provisionHsm', {
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
      }),
    )
  }

  const memberOf = (place: Place, { identityKey }: ControlReplyOf<'provisionHsm'>): PlacedMember => {
    const { hsmId, zone, eniIp, lane } = place
    return { place, hsmId, availabilityZone: zone, eniIp, lane, identityKey }
  }

  /** Signs the membership as it is now and installs it on every member, however long that takes. */
  const announce = async (changed: ReadonlyArray<PlacedMember>): Promise<void> => {
    members = changed
    version += 1
    const membership: Membership = { clusterId: CLUSTER_ID, version, mode: MODE, hsmType: HSM_TYPE, members }
    const document = canonicalJson(Membership.encode(membership))
    const signature: Base64 = toBase64(engine.ed25519.sign(keys.signing.privateKey, utf8Bytes(document)))
    current = { document, signature }
    await Promise.all(
      members.map(({ place, hsmId }) =>
        persist(() => ask(place, 'installMembership', { commandId: commandId(), hsmId, document, signature })),
      ),
    )
  }

  const carryBackup = async (source: Place, target: Place): Promise<true | undefined> => {
    const backupId = 'backup-abcdefghijk' as BackupId
    const taken = await ask(source, 'takeBackup', { commandId: commandId(), hsmId: source.hsmId, backupId })
    if (taken === undefined) return undefined
    const { size, digest } = taken
    for (let offset = 0; offset < size; offset += BACKUP_CHUNK_SIZE_MAX) {
      const chunk = await ask(source, 'readBackup', { hsmId: source.hsmId, backupId, offset })
      if (chunk === undefined) return undefined
      const { bytes } = chunk
      const written = await ask(target, 'writeBackup', { hsmId: target.hsmId, backupId, offset, bytes })
      if (written === undefined) return undefined
    }
    const restore = { commandId: commandId(), hsmId: target.hsmId, backupId, size, digest }
    return (await ask(target, 'restoreBackup', restore)) && true
  }

  /** Provisions `place` and fills it from whichever member answers; both again when the new HSM's rack has died. */
  const fill = async (place: Place, sources: ReadonlyArray<Place>): Promise<PlacedMember> =>
    await persist(async () => {
      const provisioned = await provision(place, false)
      const source = sources[attempts++ % sources.length]
      const filled = source && (await carryBackup(source, place))
      return filled && memberOf(place, provisioned)
    })

  bus.serve(subject(subjects.memberships), () =>
    Promise.resolve(utf8Bytes(canonicalJson({ memberships: current === undefined ? [] : [current] }))),
  )

  return {
    createFirst: async (place, ca) => {
      const provisioned = await provision(place, true)
      const { certificates } = provisioned
      const certificate = certificates && ca.sign(certificates.clusterCsr, clock.wallMicros())
      invariant(certificate !== undefined, 'the first HSM shows a CSR')
      const { hsmId } = place
      const { trustAnchor } = ca
      await persist(() =>
        ask(place, 'installClusterCertificate', { commandId: commandId(), hsmId, certificate, trustAnchor }),
      )
      await announce([memberOf(place, provisioned)])
    },
    createNext: async (place) => {
      const member = await fill(
        place,
        members.map((each) => each.place),
      )
      await announce([...members, member])
    },
    replace: async (lost, next) => {
      // Two HSMs at one address would both answer.
      await persist(() => ask(lost, 'decommissionHsm', { commandId: commandId(), hsmId: lost.hsmId }))
      const others = members.filter(({ hsmId }) => hsmId !== lost.hsmId)
      const member = await fill(
        next,
        others.map((each) => each.place),
      )
      await announce([...others, member])
    },
    places: () => members.map(({ place }) => place),
    memory: () => ({ members, version, current }),
    isIdle: () => underWay === 0,
  }
}
