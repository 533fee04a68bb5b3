import type { AvailabilityZone, ClusterId, HsmId } from '@hsmlab/domain'
import { nobleEngine } from '@hsmlab/crypto/noble'
import type { Primitives } from '@hsmlab/crypto'
import { canonicalJson, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { type Bus, subject } from '@hsmlab/ports'
import { memoryBus, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import { type Member, Membership, type SignedMembership, subjects } from '@hsmlab/protocol'
import { connectCluster } from '../../src/connect-cluster.ts'
import type { Application, ClusterSettings } from '../../src/face.ts'
import { nodeAesGcm } from './node-aes-gcm.ts'
import { type LossRates, lossyBus } from './lossy-bus.ts'
import { type ScriptedHsm, scriptedHsm, type ScriptedWorld } from './scripted-hsm.ts'
import { toyCertificate, toyVerifier } from './toy-certificates.ts'

export const CLUSTER_ID = 'cluster-aaaaaaaaaaa' as ClusterId
const CA = 'ca-of-the-customer'

export type ScriptedClusterOptions = Readonly<{
  hsms?: number
  seed?: number
  settings?: Partial<ClusterSettings>
  network?: LossRates
  /** Sees what is sealed, in the very buffer. */
  onSeal?: (plaintext: Uint8Array) => void
  /** Before the client connects. */
  prepare?: (hsms: ReadonlyArray<ScriptedHsm>) => void
}>

/** `count` scripted HSMs in as many AZs, a client, and a clock that moves when told. */
export const scriptedCluster = ({
  hsms: count = 3,
  seed = 1,
  settings = {},
  prepare,
  onSeal,
  network,
}: ScriptedClusterOptions = {}) => {
  const clock = virtualClock({ settle: () => new Promise((resolve) => void setImmediate(resolve)) })
  const ideal = memoryBus({ clock })
  const bus: Bus = network ? lossyBus(ideal, clock, seededRandom(`network ${seed}`), network) : ideal
  const logger = memoryLogger()
  const random = seededRandom(seed)
  // AES-GCM by OpenSSL: beats are sealed all the time, and noble would take most of a test's time for them.
  const engine: Primitives = { ...nobleEngine({ random: seededRandom(`engine ${seed}`) }), aesGcm: nodeAesGcm }
  const controller = engine.ed25519.generate()
  const clusterKey = engine.ed25519.generate()

  const memberAt = (i: number): Member => ({
    hsmId: `hsm-${'abcdefghij'.charAt(i).repeat(11)}` as HsmId,
    availabilityZone: `us-east-1${'abcdefghij'.charAt(i)}` as AvailabilityZone,
    eniIp: `10.0.${i}.10`,
    lane: i + 1,
    identityKey: toBase64(new Uint8Array(32)),
  })

  const signed = (version: number, members: ReadonlyArray<Member>, by = controller): SignedMembership => {
    const membership: Membership = { clusterId: CLUSTER_ID, version, mode: 'FIPS', hsmType: 'hsm2m.medium', members }
    const document = canonicalJson(Membership.encode(membership))
    return { document, signature: toBase64(engine.ed25519.sign(by.privateKey, utf8Bytes(document))) }
  }

  const world: ScriptedWorld = {
    bus,
    clock,
    random: seededRandom(`hsms ${seed}`),
    engine,
    clusterId: CLUSTER_ID,
    clusterCertificate: toyCertificate(CA, clusterKey),
    signByCluster: (statement) => engine.ed25519.sign(clusterKey.privateKey, statement),
  }
  const members = Array.from({ length: count }, (_, i) => memberAt(i))
  const first = signed(1, members)
  const addHsm = (member: Member, membership: SignedMembership): ScriptedHsm => {
    const hsm = scriptedHsm(world, member, membership)
    hsm.users.set('admin', { role: 'admin', password: 'password1', failures: 0 })
    hsm.users.set('user1', { role: 'crypto-user', password: 'password1', failures: 0 })
    return hsm
  }
  const hsms = members.map((member) => addHsm(member, first))
  prepare?.(hsms)

  const watched: Primitives = {
    ...engine,
    aesGcm: (key) => {
      const { seal, open } = engine.aesGcm(key)
      return {
        open,
        seal: (nonce, associatedData, plaintext) => {
          onSeal?.(plaintext)
          return seal(nonce, associatedData, plaintext)
        },
      }
    },
  }
  const env = { bus, clock, random, logger, engine: watched, certificates: toyVerifier(engine) }
  const client = connectCluster(env, {
    servers: members.slice(0, 1).map(({ eniIp }) => eniIp),
    hsmCaCertificate: CA,
    retryMode: 'standard',
    controllerKey: controller.publicKey,
    ...settings,
  })

  /** Lets time pass until `promise` is settled; gives what it became, and after how many milliseconds. */
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
    const millis = clock.monotonicMillis() - started
    return { value: await promise, millis }
  }
  const settled = async <A>(promise: Promise<A>): Promise<A> => (await soon(promise)).value

  /** An application of which `user1` is logged in. */
  const loggedIn = async (keyAvailabilityCheck = true): Promise<Application> => {
    const application = client.openApplication('test', { keyAvailabilityCheck })
    await settled(application.login('crypto-user', 'user1', utf8Bytes('password1')))
    // Beats tell that the HSMs serve.
    await clock.advance(100)
    return application
  }

  const serveMemberships = (memberships: ReadonlyArray<SignedMembership>) =>
    bus.serve(subject(subjects.memberships), async () => utf8Bytes(canonicalJson({ memberships })))

  return {
    clock,
    bus,
    logger,
    engine,
    env,
    client,
    hsms,
    memberAt,
    signed,
    addHsm,
    soon,
    settled,
    loggedIn,
    serveMemberships,
  }
}
export type ScriptedCluster = ReturnType<typeof scriptedCluster>
