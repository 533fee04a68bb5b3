import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { type ChainedAuditRecord, verifyAuditChain } from '@hsmlab/domain'
import { canonicalJson, utf8Bytes } from '@hsmlab/event-sourcing'
import { subject } from '@hsmlab/ports'
import { memoryDisk, seededRandom } from '@hsmlab/ports/memory'
import { decodeLogRun, encodeLogRequest, encodeLogRun, subjects } from '@hsmlab/protocol'
import { openAuditSink } from '../../src/audit-sink/open-audit-sink.ts'
import { canonicalAuditSinkState } from '../../src/audit-sink/state.ts'
import { realCluster } from '../client/real-cluster.ts'
import { interfering } from '../event-store/faulty-disk.ts'

const CLUSTER = 'cluster-aaaaaaaaaaa'

const sinkOf = async (cluster: Awaited<ReturnType<typeof realCluster>>, disk = memoryDisk(), create = true) => {
  const { bus, clock, engine, controller, hsms, settled } = cluster
  const identityKeys = await Promise.all(
    hsms.map(async (hsm) => {
      const live = await settled(hsm.canonicalState())
      return E.isRight(live) ? live.right.state : ''
    }),
  )
  const members = hsms.map((hsm, i) => ({
    hsmId: hsm.hsmId,
    availabilityZone: `us-east-1${'abc'[i]}`,
    eniIp: `10.0.${i}.10`,
    lane: i + 1,
    identityKey: (JSON.parse(identityKeys[i] ?? '') as { identity: { identityKey: string } }).identity.identityKey,
  }))
  const document = canonicalJson({ clusterId: CLUSTER, version: 9, mode: 'FIPS', hsmType: 'hsm2m.medium', members })
  const signature = Buffer.from(engine.ed25519.sign(controller.privateKey, utf8Bytes(document))).toString('base64')
  const endServing = bus.serve(subject(subjects.memberships), async () =>
    utf8Bytes(canonicalJson({ memberships: [{ document, signature }] })),
  )
  const logger = { log: () => undefined, with: () => never() }
  const sink = await openAuditSink(
    { bus, clock, disk, engine, random: seededRandom('audit sink'), logger },
    { create, logMacKey: new Uint8Array(32).fill(3), controllerKey: controller.publicKey, periodMillis: 100 },
  )
  if (E.isLeft(sink)) throw new Error(sink.left._tag)
  const close = async (): Promise<void> => {
    endServing()
    await sink.right.close()
  }
  return { sink: sink.right, disk, close }
}

const never = (): never => {
  throw new Error('no logger of its own')
}

const recordsOf = async ({ sink }: Awaited<ReturnType<typeof sinkOf>>, hsmId?: never) => {
  const records: ChainedAuditRecord[] = []
  await sink.read(hsmId, 0, (run) => void records.push(...run))
  return records
}

test('every audited command of every HSM is in the sink, chained and vouched for', async (t) => {
  const cluster = await realCluster()
  const audit = await sinkOf(cluster)
  await cluster.clock.advance(1000)
  const all = await recordsOf(audit)
  for (const { hsmId } of cluster.hsms) {
    const own = all.filter(({ record }) => record.hsmId === hsmId)
    const heads = audit.sink.signedHeads().map(({ head }) => head)
    t.deepEqual(verifyAuditChain(hsmId, own, heads), [])
    t.is(heads.find((head) => head.hsmId === hsmId)?.length, own.length)
  }
  const opcodes = all.map(({ record }) => record.opcode)
  for (const opcode of ['CN_INIT_TOKEN', 'CN_CHANGE_PSWD', 'CN_LOGIN', 'CN_CREATE_USER', 'CN_RESTORE_BEGIN'] as const) {
    t.true(opcodes.includes(opcode), opcode)
  }
  t.is(audit.sink.dropped(), 0)
})

test('a sink that was away asks for what it missed', async (t) => {
  const cluster = await realCluster()
  const before = await sinkOf(cluster)
  await cluster.clock.advance(1000)
  await before.close()
  const user = await cluster.loggedIn()
  await cluster.settled(user.logout())
  cluster.bus.loseFeed()
  const after = await sinkOf(cluster, before.disk, false)
  await cluster.clock.advance(1000)
  const all = await recordsOf(after)
  for (const { hsmId } of cluster.hsms) {
    const own = all.filter(({ record }) => record.hsmId === hsmId)
    t.deepEqual(verifyAuditChain(hsmId, own), [])
    t.is(own.at(-1)?.record.opcode, 'CN_LOGOUT')
  }
})

test('a sink whose disk was full goes on when there is room again, and misses nothing', async (t) => {
  const cluster = await realCluster()
  let isFull = false
  const disk = interfering(memoryDisk(), ({ what }) => (isFull && what === 'batch' ? { _tag: 'StoreFull' } : undefined))
  const audit = await sinkOf(cluster, disk)
  await cluster.clock.advance(1000)
  const told: ChainedAuditRecord[] = []
  audit.sink.onRecords((records) => void told.push(...records))
  const before = (await recordsOf(audit)).length
  isFull = true
  const user = await cluster.loggedIn()
  await cluster.clock.advance(5000)
  isFull = false
  await cluster.settled(user.logout())
  await cluster.clock.advance(10_000)
  const all = await recordsOf(audit)
  for (const { hsmId } of cluster.hsms) {
    const own = all.filter(({ record }) => record.hsmId === hsmId)
    t.deepEqual(verifyAuditChain(hsmId, own), [])
    t.is(own.at(-1)?.record.opcode, 'CN_LOGOUT')
  }
  t.is(told.length, all.length - before, 'whoever listens hears of each')
  await audit.close()
})

test('runs that no HSM signed are dropped, and change nothing', async (t) => {
  const cluster = await realCluster()
  const audit = await sinkOf(cluster)
  await cluster.clock.advance(1000)
  const before = canonicalAuditSinkState(audit.sink.state)
  const hsmId = cluster.hsmIds[0]!
  const answer = await cluster.settled(
    cluster.bus.request(
      subject(subjects.logRecords(hsmId)),
      encodeLogRequest({ from: 0, nonce: new Uint8Array(16) }),
      1000,
    )(),
  )
  const run = E.isRight(answer) ? decodeLogRun(answer.right) : undefined
  if (run === undefined) return t.fail('the HSM gave no run')
  const stream = subject(subjects.log(CLUSTER, hsmId))
  const length = run.head.length + 3
  const forged = encodeLogRun({ ...run, head: { ...run.head, length } })
  await cluster.settled(cluster.bus.publish(stream, { from: length - 1, to: length - 1, message: forged })())
  await cluster.settled(cluster.bus.publish(stream, { from: length, to: length, message: utf8Bytes('garbage') })())
  await cluster.clock.advance(500)
  t.true(audit.sink.dropped() > 0)
  t.is(canonicalAuditSinkState(audit.sink.state), before)
})

test('an HSM that answers nonsense is not taken for one that went back', async (t) => {
  const cluster = await realCluster()
  const audit = await sinkOf(cluster)
  await cluster.clock.advance(1000)
  const hsmId = cluster.hsmIds[2]!
  const taken = audit.sink.state.logs.get(hsmId)
  await cluster.settled(cluster.hsms[2]!.crash())
  cluster.bus.serve(subject(subjects.logRecords(hsmId)), async () => new Uint8Array(0))
  await cluster.clock.advance(500)
  t.is(audit.sink.state.logs.get(hsmId)?.forkedAt, undefined)
  t.is(audit.sink.state.logs.get(hsmId)?.length, taken?.length)
})
