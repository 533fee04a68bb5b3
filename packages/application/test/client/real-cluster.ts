import { createCipheriv, createDecipheriv } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { type Application, connectCluster } from '@hsmlab/client'
import type { AesGcm, CryptoEngine } from '@hsmlab/crypto'
import { nobleEngine } from '@hsmlab/crypto/noble'
import type { AvailabilityZone, BackupId, ClusterId, CommandId, HsmId, Username } from '@hsmlab/domain'
import { type Base64, canonicalJson, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { Bus, DeviceHome, Disk, Subject } from '@hsmlab/ports'
import { memoryBus, memoryDisk, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import { type Member, Membership } from '@hsmlab/protocol'
import type { Hsm } from '../../src/hsm/hsm.ts'
import type { HsmEnv } from '../../src/hsm/hsm-env.ts'
import { createHsm, openHsm } from '../../src/hsm/open-hsm.ts'

const CLUSTER_ID = 'cluster-aaaaaaaaaaa' as ClusterId
const CERTIFICATE = 'certificate of the cluster'
const CA = 'certificate of the customer'
const TAG_SIZE = 16

const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

const nodeAesGcm = (key: Uint8Array): AesGcm => ({
  seal: (nonce, associatedData, plaintext) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData)
    return joined(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
  },
  open: (nonce, associatedData, ciphertext) => {
    if (ciphertext.length < TAG_SIZE) return undefined
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(associatedData)
    decipher.setAuthTag(ciphertext.subarray(ciphertext.length - TAG_SIZE))
    try {
      return joined(decipher.update(ciphertext.subarray(0, ciphertext.length - TAG_SIZE)), decipher.final())
    } catch {
      return undefined
    }
  },
})

/** The bus as one HSM has it, while its zone is on the network; cut off, nothing comes in or goes out. */
const busOf = (bus: Bus, isCut: () => boolean): Bus => ({
  ...bus,
  send: (to: Subject, message: Uint8Array) => {
    if (!isCut()) bus.send(to, message)
  },
  listen: (at, receive) =>
    bus.listen(at, (message) => {
      if (!isCut()) receive(message)
    }),
  request: (to, message, timeoutMillis) =>
    isCut() ? async () => E.left({ _tag: 'RequestTimedOut' as const }) : bus.request(to, message, timeoutMillis),
  serve: (at, answer) => bus.serve(at, (message) => (isCut() ? new Promise(() => undefined) : answer(message))),
})

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

const memoryCell = () => memoryDisk().nvram

/** Three HSM devices on disks in memory, in three AZs, activated and with a crypto user; and a client. */
export const realCluster = async (seed = 1, diskOf: (zone: number) => Disk = memoryDisk) => {
  const clock = virtualClock({ settle: () => new Promise((resolve) => void setImmediate(resolve)) })
  const bus = memoryBus({ clock })
  const logger = memoryLogger()
  const engine: CryptoEngine = { ...nobleEngine({ random: seededRandom(`engine ${seed}`) }), aesGcm: nodeAesGcm }
  const controller = engine.ed25519.generate()
  const cut = new Set<number>()
  const certificates = {
    verifyChain: (certificate: string) =>
      certificate === CERTIFICATE
        ? E.right(undefined)
        : E.left({ _tag: 'CertificateMalformed', role: 'SignedCert' } as const),
    verifyClusterCertificate: () => E.right(undefined),
    verifySignature: () => true,
    certifiesKey: () => true,
  }
  const unneeded = (): never => {
    throw new Error('no HSM of this test is asked for its certificates')
  }
  const envOf = (zone: number): HsmEnv => ({
    bus: busOf(bus, () => cut.has(zone)),
    clock,
    random: seededRandom(`hsm ${seed} ${zone}`),
    logger: logger.with({ zone }),
    engine,
    certificates,
    hardware: { roots: { aws: '', manufacturer: '' }, issueIdentity: unneeded },
    settings: { passwordIterations: 1000, syncPeriodMillis: 1000, clusterKey: 'ec' },
    backupAuthorities: { manufacturerKey: new Uint8Array(32).fill(1), awsKey: new Uint8Array(32).fill(2) },
  })
  const homes: ReadonlyArray<DeviceHome> = [0, 1, 2].map((zone) => ({
    disk: diskOf(zone),
    deviceKey: memoryCell(),
  }))
  const hsmIds = ['hsm-aaaaaaaaaaa', 'hsm-bbbbbbbbbbb', 'hsm-ccccccccccc'].map((id) => id as HsmId)
  const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c'].map((zone) => zone as AvailabilityZone)
  const hsms: Hsm[] = []
  const members: Member[] = []

  const open = async (zone: number): Promise<Hsm> => {
    const opened = await openHsm(envOf(zone), homes[zone]!, hsmIds[zone]!, {
      failed: () => undefined,
      notify: () => undefined,
    })
    const hsm = right(opened)
    hsms[zone] = hsm
    return hsm
  }
  const provision = async (zone: number): Promise<void> => {
    const eniIp = `10.0.${zone}.10`
    const request = {
      commandId: `provision-${zone}` as CommandId,
      hsmId: hsmIds[zone]!,
      clusterId: CLUSTER_ID,
      lane: zone + 1,
      availabilityZone: zones[zone]!,
      eniIp,
      hsmType: 'hsm2m.medium',
      mode: 'NON_FIPS' as const,
      first: zone === 0,
      controllerKey: toBase64(controller.publicKey),
    }
    right(await createHsm(envOf(zone), homes[zone]!, request))
    const hsm = await open(zone)
    const { state } = right(await hsm.canonicalState())
    const { identityKey } = (JSON.parse(state) as { identity: Pick<Member, 'identityKey'> }).identity
    members[zone] = { hsmId: hsmIds[zone]!, availabilityZone: zones[zone]!, eniIp, lane: zone + 1, identityKey }
  }
  const announce = async (version: number): Promise<void> => {
    const membership: Membership = {
      clusterId: CLUSTER_ID,
      version,
      mode: 'NON_FIPS',
      hsmType: 'hsm2m.medium',
      members,
    }
    const document = canonicalJson(Membership.encode(membership))
    const signature: Base64 = toBase64(engine.ed25519.sign(controller.privateKey, utf8Bytes(document)))
    for (const hsm of hsms) right(await settled(hsm.installMembership(document, signature)))
  }

  const soon = async <A>(promise: Promise<A>, millisMax = 60_000): Promise<Readonly<{ value: A; millis: number }>> => {
    const started = clock.monotonicMillis()
    let ended = false
    const watch = async (): Promise<void> => {
      await promise.catch(() => undefined)
      ended = true
    }
    void watch()
    await clock.advance(0)
    while (!ended) {
      if (clock.monotonicMillis() - started > millisMax) throw new Error(`nothing after ${millisMax} ms`)
      await clock.advance(5)
    }
    return { value: await promise, millis: clock.monotonicMillis() - started }
  }
  const settled = async <A>(promise: Promise<A>): Promise<A> => (await soon(promise)).value

  await settled(provision(0))
  right(await settled(hsms[0]!.installClusterCertificate(CERTIFICATE, CA)))
  await announce(1)
  const client = connectCluster(
    { bus, clock, random: seededRandom(`client ${seed}`), logger, engine, certificates },
    { servers: ['10.0.0.10'], hsmCaCertificate: CA, retryMode: 'standard', controllerKey: controller.publicKey },
  )
  const admin = client.openApplication('admin', { keyAvailabilityCheck: true })
  right(await settled(admin.activate(utf8Bytes('password1'))))

  const backup = right(await settled(hsms[0]!.takeBackup('backup-aaaaaaaaaaa' as BackupId)))
  for (const zone of [1, 2]) {
    await settled(provision(zone))
    right(await settled(hsms[zone]!.restoreBackup(backup.backup)))
  }
  await announce(2)
  await clock.advance(2000)
  right(await settled(admin.login('admin', 'admin', utf8Bytes('password1'))))
  right(await settled(admin.createUser('user1' as Username, 'crypto-user', utf8Bytes('password1'))))

  const loggedIn = async (keyAvailabilityCheck = true): Promise<Application> => {
    const application = client.openApplication('test', { keyAvailabilityCheck })
    right(await settled(application.login('crypto-user', 'user1', utf8Bytes('password1'))))
    return application
  }

  const close = async (): Promise<void> => {
    await settled(client.close())
    for (const hsm of hsms) await settled(hsm.stop())
  }

  return {
    client,
    admin,
    hsms,
    hsmIds,
    homes,
    envOf,
    bus,
    engine,
    controller,
    cut,
    clock,
    open,
    soon,
    settled,
    loggedIn,
    announce,
    logged: () => logger.lines.map(({ message }) => message),
    close,
  }
}

export type RealCluster = Awaited<ReturnType<typeof realCluster>>
