import test from 'ava'
import { nobleEngine, RSA_FIXTURES } from '@hsmlab/crypto/noble'
import { canonicalJson, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { subject } from '@hsmlab/ports'
import { memoryBus, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import { subjects } from '@hsmlab/protocol'
import { rememberClusters } from '../../src/client-proxy/known-clusters.ts'

const random = seededRandom(7)
const engine = nobleEngine({ random, rsaKeys: RSA_FIXTURES })
const controller = engine.ed25519.generate()
const stranger = engine.ed25519.generate()

const signed = (clusterId: string, { privateKey } = controller) => {
  const document = canonicalJson({ clusterId, version: 1, mode: 'FIPS', hsmType: 'hsm2m.medium', members: [] })
  return { document, signature: toBase64(engine.ed25519.sign(privateKey, utf8Bytes(document))) }
}

const house = () => {
  const clock = virtualClock()
  const bus = memoryBus({ clock })
  const answerWith = (memberships: ReadonlyArray<ReturnType<typeof signed>>) =>
    bus.serve(subject(subjects.memberships), async () => utf8Bytes(canonicalJson({ memberships })))
  return { clock, answerWith, knownClusters: rememberClusters({ bus, clock, engine }, controller.publicKey) }
}

test("what the controller signed is known, and a stranger's word is not", async (t) => {
  const { clock, answerWith, knownClusters } = house()
  answerWith([signed('cluster-aaaaaaaaaaa'), signed('cluster-bbbbbbbbbbb', stranger)])
  const asked = knownClusters()
  await clock.advance(1000)
  t.deepEqual(await asked, ['cluster-aaaaaaaaaaa'])
})

test('while the controller is away, what it named last holds', async (t) => {
  const { clock, answerWith, knownClusters } = house()
  const end = answerWith([signed('cluster-aaaaaaaaaaa')])
  const before = knownClusters()
  await clock.advance(1000)
  t.deepEqual(await before, ['cluster-aaaaaaaaaaa'])
  end()
  const meanwhile = knownClusters()
  await clock.advance(0)
  t.deepEqual(await meanwhile, ['cluster-aaaaaaaaaaa'])
  answerWith([])
  const after = knownClusters()
  await clock.advance(1000)
  t.deepEqual(await after, [], 'its newest word counts')
})

test('a controller that was never heard is waited for, but not for ever', async (t) => {
  const { clock, answerWith, knownClusters } = house()
  const first = knownClusters()
  await clock.advance(11_000)
  t.deepEqual(await first, [])
  const second = knownClusters()
  await clock.advance(3000)
  answerWith([signed('cluster-aaaaaaaaaaa')])
  await clock.advance(3000)
  t.deepEqual(await second, ['cluster-aaaaaaaaaaa'])
})
