import { createDecipheriv, createPrivateKey, type KeyObject } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { levelStorage } from '@hsmlab/adapter-leveldb'
import { opensslEngine } from '@hsmlab/adapter-node'
import { inspectLog, payloadOf, readDeviceKeys } from '@hsmlab/application'
import { decodeKeyMaterial, type KeyMaterial, openMaskedObject } from '@hsmlab/crypto'
import { blankHsm, decodeHsmFact, evolveHsm, type HsmIdentity, type HsmState, type KeyRecord } from '@hsmlab/domain'
import { canonicalJson, utf8Bytes } from '@hsmlab/event-sourcing'

/** What an HSM keeps to itself, taken out of a stopped one by whoever holds its device key. */
export type OpenedHsm = Readonly<{
  hsmId: string
  deviceKeys: Readonly<{ macKey: Buffer; sealingKey: Buffer }>
  identity: HsmIdentity
  state: HsmState
  maskingKey: Buffer
  clusterKey: KeyMaterial
  identityKey: Buffer
  staticKey: Buffer
  /** The verifier of a user's password: iterations, salt and hash. */
  verifierOf: (username: string) => Buffer
  /** The bytes of a token key. */
  materialOf: (record: KeyRecord) => KeyMaterial
}>

const NONCE_SIZE = 12
const TAG_SIZE = 16

/** AES-256-GCM, nonce in front and tag behind, as docs and events say; by Node alone. */
const unseal = (key: Buffer, purpose: string, sealed: string): Buffer => {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_SIZE))
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-TAG_SIZE))
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_SIZE, -TAG_SIZE)), decipher.final()])
}

const right = <A>(either: E.Either<Readonly<{ _tag: string }>, A>): A => {
  if (E.isLeft(either)) throw new Error(either.left._tag)
  return either.right
}

const present = <A>(value: A | undefined, what: string): A => {
  if (value === undefined) throw new Error(`${what} is not there`)
  return value
}

const homeIn = (data: string, zone: string, hsmId: string) => levelStorage(join(data, 'hsm', zone)).home(hsmId)

/** The key under which an HSM seals what it keeps; `undefined`: it was zeroised. */
export const sealingKeyOf = async (data: string, zone: string, hsmId: string): Promise<Buffer | undefined> => {
  const { sealingKey } = right(await readDeviceKeys(homeIn(data, zone, hsmId).deviceKey)())
  return sealingKey === undefined ? undefined : Buffer.from(sealingKey)
}

/** Opens the HSMs of all zones in a data folder that nobody runs, but those that were zeroised. */
export const openHsms = async (data: string): Promise<ReadonlyArray<OpenedHsm>> => {
  const engine = opensslEngine()
  const open = async (zone: string, hsmId: string): Promise<OpenedHsm | undefined> => {
    const home = homeIn(data, zone, hsmId)
    const sealingKey = await sealingKeyOf(data, zone, hsmId)
    if (sealingKey === undefined) return undefined
    const keys = right(await readDeviceKeys(home.deviceKey)())
    const state = blankHsm()
    const record = (_position: number, bytes: Uint8Array): void =>
      void evolveHsm(state, right(decodeHsmFact(payloadOf(bytes))))
    const replay = { fromSnapshot: () => false, record }
    const owner = { macKey: keys.macKey, identity: hsmId }
    right(await inspectLog({ disk: home.disk, primitives: engine }, { ...owner, replay })())
    const identity = present(state.identity, 'its identity')
    const maskingKey = unseal(sealingKey, 'masking key', present(state.sealedMaskingKey, 'the masking key'))
    const clusterKey = unseal(sealingKey, 'cluster key', present(state.sealedClusterKey, 'the cluster key'))
    const lineage = { id: present(state.maskingKeyId, 'the masking key id'), key: maskingKey }
    return {
      hsmId,
      deviceKeys: { macKey: Buffer.from(keys.macKey), sealingKey },
      identity,
      state,
      maskingKey,
      clusterKey: present(decodeKeyMaterial(clusterKey), 'the cluster key'),
      identityKey: unseal(sealingKey, 'identity key', identity.sealedIdentityKey),
      staticKey: unseal(sealingKey, 'static key', identity.sealedStaticKey),
      verifierOf: (username) => {
        const user = [...state.users.values()].find((each) => each.username === username)
        return unseal(sealingKey, `verifier ${username}`, present(user, username).verifier)
      },
      materialOf: ({ handle, generation, fixed, sealed }) => {
        const binding = { handle, generation, attributes: utf8Bytes(canonicalJson(fixed)) }
        return present(openMaskedObject(engine, lineage, binding, Buffer.from(sealed, 'base64')), 'the key')
      },
    }
  }
  const zones = await readdir(join(data, 'hsm'))
  const names = await Promise.all(
    zones.map(async (zone) =>
      (await levelStorage(join(data, 'hsm', zone)).list()).map((hsmId) => [zone, hsmId] as const),
    ),
  )
  try {
    const opened = await Promise.all(names.flat().map(([zone, hsmId]) => open(zone, hsmId)))
    return opened.filter((hsm) => hsm !== undefined)
  } finally {
    await engine.close()
  }
}

/** PKCS#8 of raw private keys (RFC 8410 §7). */
const PKCS8_PREFIXES = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' }

export const rawPrivateKey = (type: keyof typeof PKCS8_PREFIXES, raw: Buffer): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from(PKCS8_PREFIXES[type], 'hex'), raw]),
    format: 'der',
    type: 'pkcs8',
  })
