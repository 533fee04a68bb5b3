import { createHash, randomBytes } from 'node:crypto'
import { headers, type MsgHdrs } from 'nats'
import { type CryptoEngine, handshake } from '@hsmlab/crypto'
import {
  type ClusterId,
  encodeHsmFact,
  type HsmEvent,
  type HsmId,
  keyTable,
  type KeyHandle,
  lineage,
  type Stamp,
  type Tombstone,
} from '@hsmlab/domain'
import { canonicalJson, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import {
  answer,
  CHANNEL_ID_SIZE,
  CONTROL_OPERATION,
  controlPrologue,
  encodeLogRequest,
  encodeLogRun,
  encodeReplies,
  encodeRequests,
  FRAME_HEADER_SIZE,
  logHeadStatement,
  startRound,
  subjects,
} from '@hsmlab/protocol'

/** What a stranger knows who read every message: names, and the clear parts of frames. */
export type Known = Readonly<{
  clusterId: ClusterId
  hsmId: HsmId
  peer: HsmId
  zone: string
  eniIp: string
  proxyId: string
  controllerId: string
  /** Channel numbers as they stand in front of frames to the HSM, to the proxy, to the rack and to the controller. */
  hsmChannel: Buffer
  proxyChannel: Buffer
  rackChannel: Buffer
  controllerChannel: Buffer
  /** Records on the HSM's log. */
  position: number
  /** A key that is there, and the name of the key that seals it: both stand in published records. */
  handle: KeyHandle
  maskingKeyId: string
  hello: Buffer
  memberships: Buffer
}>

/** What may be published at a subject, and what may be answered to whoever asks there. */
export type Invention = Readonly<{
  at: string
  says?: ReadonlyArray<Uint8Array>
  headers?: MsgHdrs
  lies?: (question: Uint8Array) => ReadonlyArray<Uint8Array>
}>

type Json = Record<string, unknown>
const json = (bytes: Uint8Array): Json => JSON.parse(Buffer.from(bytes).toString()) as Json
const bytes = (value: unknown): Uint8Array => utf8Bytes(JSON.stringify(value))

/** As sealed as anything of which nobody has the key. */
const sealedBy = (channel: Buffer, plain: Uint8Array): Uint8Array =>
  Buffer.concat([channel.subarray(0, CHANNEL_ID_SIZE), randomBytes(FRAME_HEADER_SIZE - CHANNEL_ID_SIZE + 16), plain])

/** Everything that a stranger can make up without a key of ours; where a signature or a MAC belongs, it uses its own. */
export const inventions = (engine: CryptoEngine, known: Known): Readonly<Record<keyof typeof subjects, Invention>> => {
  const { clusterId, hsmId, peer, zone, handle, maskingKeyId, position } = known
  const own = engine.ed25519.generate()
  const ours = lineage(maskingKeyId, randomBytes(32), engine)
  const stamp = `fffffffffffff0000-${hsmId}` as Stamp
  const unsigned = { handle, generation: 1_000_000, stamp, maskingKeyId }
  const tombstone: Tombstone = { ...unsigned, mac: toBase64(ours.hmac(bytes(unsigned))) }
  const address = { commandId: 'invented', hsmId }

  const commands = [
    { operation: CONTROL_OPERATION.decommissionHsm, body: address },
    { operation: CONTROL_OPERATION.zeroizeHsm, body: address },
    { operation: CONTROL_OPERATION.handOverHsm, body: address },
    { operation: CONTROL_OPERATION.takeBackup, body: { ...address, backupId: 'backup-aaaaaaaaaaa' } },
  ]
  const commandRows = encodeRequests(
    commands.map(({ operation, body }, i) => ({ requestId: i + 1, operation, session: 0, body: bytes(body) })),
  )
  const notification = encodeReplies([
    { requestId: 0, ckr: 0, hsmReturn: 0, body: bytes({ hsmId, what: 'failed' }) },
    { requestId: 1, ckr: 0, hsmReturn: 0, body: bytes({}) },
  ])

  /** A log that goes on with what was invented, its head signed with the stranger's key. */
  const logRun = (from: number, events: ReadonlyArray<HsmEvent>): Uint8Array => {
    const at = Date.now() * 1000
    const records = events.map((event, i) =>
      Buffer.concat([randomBytes(32), Buffer.of(1), randomBytes(32), u64(from + i), encodeHsmFact({ at, event })]),
    )
    const hash = createHash('sha256')
      .update(records.at(-1) ?? '')
      .digest()
    const length = from + records.length
    const signature = engine.ed25519.sign(own.privateKey, logHeadStatement(hsmId, length, hash))
    return encodeLogRun({ from, records, head: { length, hash, signature } })
  }
  const history: ReadonlyArray<HsmEvent> = [
    { type: 'KeyDeleted', source: 'client', session: 1, commandId: 'invented', tombstone },
    { type: 'HsmZeroized' },
  ]

  /** A peer's answer in every detail but its MAC, from a table in which the key is deleted. */
  const peerAnswer = (question: Uint8Array): ReadonlyArray<Uint8Array> => {
    let isFirst = true
    const hmac = (): Uint8Array => {
      const mac = isFirst ? question.slice(-32) : randomBytes(32)
      isFirst = false
      return mac
    }
    const made = answer({ clusterId, hsmId, hmac, isPeer: () => true }, keyTable([tombstone]), question)
    return made._tag === 'Right' ? [made.right] : []
  }
  const peerQuestion = startRound(
    { clusterId, hsmId: peer, peer: hsmId, hmac: ours.hmac },
    keyTable([tombstone]),
    randomBytes(16),
  ).request

  const membership = { clusterId, version: 1_000_000, mode: 'FIPS', hsmType: 'hsm2m.medium', members: [] }
  const document = canonicalJson(membership)
  const signature = toBase64(engine.ed25519.sign(own.privateKey, utf8Bytes(document)))
  const hello = json(known.hello)
  const staticKey = engine.x25519.generate()
  const helloOfMine = [
    { ...hello, staticKey: toBase64(staticKey.publicKey) },
    { ...hello, membership: { document, signature } },
  ].map(bytes)

  const controlHandshake = handshake(engine, {
    pattern: 'KK',
    role: 'initiator',
    prologue: utf8Bytes(controlPrologue(zone)),
    staticKey,
    remoteStatic: engine.x25519.generate().publicKey,
  }).write(new Uint8Array(0))
  const auditHead = { hsmId, length: 1_000_000, hash: randomBytes(32).toString('hex') }
  const run = headers()
  run.set('Hsmlab-Run', `${position}-${position + history.length - 1}`)

  return {
    hello: { at: subjects.hello(hsmId), says: [randomBytes(10)], lies: () => helloOfMine },
    helloAt: { at: subjects.helloAt(known.eniIp), says: [randomBytes(10)], lies: () => helloOfMine },
    handshake: { at: subjects.handshake(hsmId), says: [randomBytes(64)], lies: () => [randomBytes(56)] },
    hsmFrames: { at: subjects.hsmFrames(hsmId), says: [sealedBy(known.hsmChannel, commandRows)] },
    proxyFrames: { at: subjects.proxyFrames(known.proxyId), says: [sealedBy(known.proxyChannel, notification)] },
    peer: { at: subjects.peer(hsmId), says: [peerQuestion], lies: peerAnswer },
    handOver: {
      at: subjects.handOver(hsmId),
      says: [Buffer.concat([randomBytes(16), utf8Bytes(peer)]), Buffer.concat([randomBytes(16), utf8Bytes('nobody')])],
      lies: () => [randomBytes(32)],
    },
    controlHandshake: {
      at: subjects.controlHandshake(zone),
      says: [Buffer.concat([randomBytes(16), controlHandshake ?? Buffer.alloc(0)])],
      lies: () => [randomBytes(56)],
    },
    controlFrames: {
      at: subjects.controlFrames(zone),
      says: [sealedBy(known.rackChannel, commandRows), Buffer.concat([known.rackChannel, commandRows])],
    },
    controllerFrames: {
      at: subjects.controllerFrames(known.controllerId),
      says: [sealedBy(known.controllerChannel, notification), Buffer.concat([known.controllerChannel, notification])],
    },
    memberships: {
      at: subjects.memberships,
      says: [randomBytes(10)],
      lies: () => [bytes({ memberships: [] }), bytes({ memberships: [{ document, signature }] })],
    },
    logRecords: {
      at: subjects.logRecords(hsmId),
      says: [logRequest(0), logRequest(Number.MAX_SAFE_INTEGER), randomBytes(24)],
      lies: () => [logRun(position, history), logRun(0, history), logRun(0, [])],
    },
    auditHead: {
      at: subjects.auditHead(hsmId),
      says: [randomBytes(10)],
      lies: () => [
        bytes({ head: auditHead, identityKey: toBase64(own.publicKey), signature: toBase64(randomBytes(64)) }),
      ],
    },
    log: { at: subjects.log(clusterId, hsmId), says: [logRun(position, history)], headers: run },
  }
}

const logRequest = (from: number): Uint8Array => encodeLogRequest({ from, nonce: randomBytes(16) })

const u64 = (value: number): Buffer => {
  const eight = Buffer.alloc(8)
  eight.writeBigUInt64BE(BigInt(value))
  return eight
}
