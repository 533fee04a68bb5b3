import * as E from 'fp-ts/lib/Either.js'
import { encodeHsmFact, type HsmEvent, type HsmIdentity, type HsmId, type HsmProvisioned } from '@hsmlab/domain'
import { type DecodeError, type Tagged, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { ControlNotification, ControlReplyOf, ControlRequestOf } from '@hsmlab/protocol'
import { type OpenFailure, describeOpenFailure, type ReadFailure } from '../event-store/failure.ts'
import { openEventStore } from '../event-store/open-event-store.ts'
import { encodeClusterKey, makeClusterKey, privateBytesOf } from './cluster-key.ts'
import { clusterKeyOf } from './content.ts'
import {
  createDeviceKeys,
  destroySealingKey,
  type DeviceKeyFailure,
  type DeviceKeys,
  readDeviceKeys,
} from './device-key.ts'
import type { Hsm } from './hsm.ts'
import type { DeviceHome } from '@hsmlab/ports'
import type { HsmEnv } from './hsm-env.ts'
import { type FactUnreadable, hsmFold, type HsmLog, hsmLog } from './hsm-log.ts'
import { hashPassword } from './passwords.ts'
import { runHsm } from './running-hsm.ts'
import { PURPOSE, type Sealer, sealerUnder } from './sealer.ts'

/** "Activate the cluster in AWS CloudHSM": the password that a PRECO has until it is changed. */
const PRECO_PASSWORD = 'password'
const PRECO_NAME = 'admin'
const MASKING_KEY_SIZE = 32
const SERIAL_NUMBER_SIZE = 6

export type HsmOpenFailure =
  | DeviceKeyFailure
  | OpenFailure
  | ReadFailure
  | FactUnreadable
  /** The log is that of an HSM that was never provisioned to its end. */
  | Tagged<'HsmUnprovisioned'>

export type HsmWatch = Readonly<{ failed: () => void; notify: (what: ControlNotification['what']) => void }>

/** In one sentence, for whoever operates the HSM. */
export const describeHsmFailure = (failure: HsmOpenFailure, hsmId: string): string => {
  switch (failure._tag) {
    case 'DeviceKeyMissing':
      return `The device key of ${hsmId} is gone.`
    case 'DeviceKeyMalformed':
      return `The device key of ${hsmId} is damaged.`
    case 'FactUnreadable':
      return `Record ${failure.position} of ${hsmId}'s log cannot be read: ${describeDecodeError(failure.cause)}.`
    case 'HsmUnprovisioned':
      return `${hsmId} was never provisioned to its end.`
    case 'StoreStopped':
      return `The log of ${hsmId} takes no more records.`
    default:
      return describeOpenFailure(failure, hsmId)
  }
}

/**
 * What a failure means for the HSM. `unfinished`: it has yet to be made. `stopped`: what it holds is not lost, and it
 * may open another time. `failed`: what it held cannot be had from this storage any more.
 */
export const gravityOf = (failure: HsmOpenFailure): 'unfinished' | 'stopped' | 'failed' => {
  switch (failure._tag) {
    case 'HsmUnprovisioned':
      return 'unfinished'
    case 'StoreLocked':
    case 'StoreFull':
    case 'StoreUnavailable':
    case 'StoreStopped':
    case 'FactUnreadable':
      return 'stopped'
    case 'DeviceKeyMissing':
    case 'DeviceKeyMalformed':
    case 'StoreMissing':
    case 'StoreDamaged':
    case 'LogDamaged':
    case 'LogRolledBack':
    case 'LogMissing':
    case 'LogForeign':
    case 'HeadFileDamaged':
      return 'failed'
  }
}

const describeDecodeError = (error: DecodeError): string => {
  switch (error._tag) {
    case 'UnknownType':
      return `it is of an unknown type (${error.type})`
    case 'UnknownVersion':
      return `${error.type} is of a newer version (${error.version}) than this program knows`
    case 'Malformed':
      return `${error.type} is malformed`
  }
}

/** A zeroised HSM opens nothing any more: its sealer has a key of zeros, under which nothing was ever sealed. */
const sealerOf = (env: HsmEnv, { sealingKey }: DeviceKeys): Sealer =>
  sealerUnder(env.engine, env.random, sealingKey ?? new Uint8Array(MASKING_KEY_SIZE))

/** The facts by which a blank HSM begins, and the keys of its own that they seal. */
const provisioned = (env: HsmEnv, sealer: Sealer, request: ControlRequestOf<'provisionHsm'>): HsmProvisioned => {
  const identityKey = env.engine.ed25519.generate()
  const staticKey = env.engine.x25519.generate()
  const serialNumber = [...env.random.bytes(SERIAL_NUMBER_SIZE)].map((byte) => byte.toString(16).padStart(2, '0'))
  return {
    type: 'HsmProvisioned',
    hsmId: request.hsmId,
    clusterId: request.clusterId,
    lane: request.lane,
    availabilityZone: request.availabilityZone,
    eniIp: request.eniIp,
    hsmType: request.hsmType,
    mode: request.mode,
    serialNumber: serialNumber.join('').toUpperCase(),
    identityKey: toBase64(identityKey.publicKey),
    sealedIdentityKey: sealer.seal(PURPOSE.identityKey, identityKey.privateKey),
    staticKey: toBase64(staticKey.publicKey),
    sealedStaticKey: sealer.seal(PURPOSE.staticKey, staticKey.privateKey),
    controllerKey: request.controllerKey,
  }
}

/** What only the first HSM of a cluster makes: the keys that its other HSMs will get out of backups. */
const initialized = async (env: HsmEnv, sealer: Sealer): Promise<HsmEvent> => {
  const clusterKey = await makeClusterKey(env.engine, env.settings)
  const clusterKeyBytes = encodeClusterKey(clusterKey)
  return {
    type: 'HsmInitialized',
    maskingKeyId: toHex(env.random.bytes(8)),
    sealedMaskingKey: sealer.seal(PURPOSE.maskingKey, env.random.bytes(MASKING_KEY_SIZE)),
    sealedClusterKey: sealer.seal(PURPOSE.clusterKey, clusterKeyBytes),
    precoVerifier: await hashPassword({ ...env, sealer }, PRECO_NAME, utf8Bytes(PRECO_PASSWORD)),
  }
}

const toHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** Makes the HSM that the controller asks for, in an empty home. A home that has a log already is opened instead. */
export const createHsm = async (
  env: HsmEnv,
  home: DeviceHome,
  request: ControlRequestOf<'provisionHsm'>,
): Promise<E.Either<HsmOpenFailure, void>> => {
  const keys = await createDeviceKeys(home.deviceKey, env)()
  if (E.isLeft(keys)) return keys
  const sealer = sealerOf(env, keys.right)
  const options = { create: true, macKey: keys.right.macKey, identity: request.hsmId }
  const store = await openEventStore({ disk: home.disk, primitives: env.engine }, options)()
  if (E.isLeft(store)) return store
  const begin: ReadonlyArray<HsmEvent> = request.first
    ? [provisioned(env, sealer, request), await initialized(env, sealer)]
    : [provisioned(env, sealer, request)]
  const at = env.clock.wallMicros()
  const appended = store.right.append(
    0,
    begin.map((event) => encodeHsmFact({ at, event })),
  )
  const durable = E.isRight(appended) ? await appended.right.durable() : undefined
  const closed = await store.right.close()()
  if (durable === undefined) return E.left({ _tag: 'HsmUnprovisioned' })
  if (E.isLeft(durable)) return durable
  return E.isLeft(closed) ? closed : E.right(undefined)
}

type Opened = Readonly<{ log: HsmLog; identity: HsmIdentity; deviceKeys: DeviceKeys; sealer: Sealer }>

const openLog = async (env: HsmEnv, home: DeviceHome, hsmId: HsmId): Promise<E.Either<HsmOpenFailure, Opened>> => {
  const deviceKeys = await readDeviceKeys(home.deviceKey)()
  if (E.isLeft(deviceKeys)) return deviceKeys
  const fold = hsmFold()
  const options = { create: false, macKey: deviceKeys.right.macKey, identity: hsmId, replay: fold.replay }
  const store = await openEventStore({ disk: home.disk, primitives: env.engine }, options)()
  if (E.isLeft(store)) return store
  const log = await hsmLog(store.right, fold, env.clock)()
  const identity = E.isRight(log) ? log.right.state.identity : undefined
  if (E.isLeft(log) || identity === undefined) {
    await store.right.close()()
    return E.isLeft(log) ? log : E.left({ _tag: 'HsmUnprovisioned' })
  }
  const begun = await begin(home, deviceKeys.right, log.right)
  if (E.isLeft(begun)) {
    // A log that cannot be written any more would serve what it has for ever, and nobody would be told.
    await store.right.close()()
    return begun
  }
  return E.right({ log: log.right, identity, deviceKeys: begun.right, sealer: sealerOf(env, begun.right) })
}

/** Notes the start, and ends what a loss of power kept a zeroised HSM from ending: its event, or its key. */
const begin = async (
  home: DeviceHome,
  deviceKeys: DeviceKeys,
  { append, state, store, revision }: HsmLog,
): Promise<E.Either<HsmOpenFailure, DeviceKeys>> => {
  const wasZeroized = state.phase === 'ZEROIZED'
  const isKeyGone = deviceKeys.sealingKey === undefined
  if (wasZeroized && !isKeyGone) {
    const destroyed = await destroySealingKey(home.deviceKey, deviceKeys)()
    if (E.isLeft(destroyed)) return destroyed
  }
  append([{ type: 'HsmBooted', bootCounter: store.bootCounter }])
  if (isKeyGone && !wasZeroized) append([{ type: 'HsmZeroized' }])
  const booted = await store.whenDurable(revision())()
  if (E.isLeft(booted)) return booted
  return E.right(wasZeroized ? { ...deviceKeys, sealingKey: undefined } : deviceKeys)
}

/** Opens an HSM on its own log: verified, folded, and then running. */
export const openHsm = async (
  env: HsmEnv,
  home: DeviceHome,
  hsmId: HsmId,
  watch: HsmWatch,
): Promise<E.Either<HsmOpenFailure, Hsm & Readonly<{ identityOf: () => Promise<IdentityReply> }>>> => {
  const opened = await openLog(env, home, hsmId)
  if (E.isLeft(opened)) return opened
  const { log, identity, sealer } = opened.right
  const hsm = runHsm(env, { home, ...opened.right, ...watch })
  return E.right({ ...hsm, identityOf: async () => identityReply(env, log, identity, sealer) })
}

export type IdentityReply = ControlReplyOf<'provisionHsm'>

/** What the controller learns of an HSM that it had provisioned: of the first one also its certificates. */
const identityReply = (env: HsmEnv, log: HsmLog, identity: HsmIdentity, sealer: Sealer): IdentityReply => {
  const { serialNumber, identityKey } = identity
  const clusterKey = log.state.phase === 'UNINITIALIZED' ? clusterKeyOf(log.state, sealer) : undefined
  const privateBytes = clusterKey === undefined ? undefined : privateBytesOf(clusterKey)
  if (privateBytes === undefined) return { serialNumber, identityKey }
  const certificates = env.hardware.issueIdentity({
    clusterKey: privateBytes,
    serialNumber,
    partition: 1,
    mode: identity.mode,
    nowMicros: env.clock.wallMicros(),
  })
  return { serialNumber, identityKey, certificates }
}
