import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import test from 'ava'
import {
  type AuditHead,
  auditHeadStatement,
  type AuditRecord,
  chainAuditRecord,
  type ChainedAuditRecord,
  emptyAuditHead,
  type HsmId,
} from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { ProductStatus, SignedAuditHead } from '@hsmlab/protocol/local'
import { byTime } from '../../src/hsmlab/audit/collect.ts'
import { controlledBy } from '../support/control-server.ts'
import { hsmlab } from '../support/run-hsmlab.ts'

const first = 'hsm-aaaaaaaaaaa' as HsmId
const second = 'hsm-bbbbbbbbbbb' as HsmId

const record = (hsmId: HsmId, sequence: number, timeMicros: number): AuditRecord => ({
  version: 1,
  hsmId,
  sequence,
  rebootCounter: 0x107,
  timeMicros,
  opcode: 'CN_LOGIN',
  session: 0x7014006,
  responseCode: 0,
  responseText: 'SUCCESS',
  logType: 'MGMT_USER_DETAILS_LOG',
  userName: 'alice',
  userType: 'CN_CRYPTO_USER',
})

const BEGIN = 1779008401250000

const chainOf = (hsmId: HsmId, length: number, step: number) => {
  let head: AuditHead = emptyAuditHead(hsmId)
  const log: ChainedAuditRecord[] = []
  for (let sequence = 0; sequence < length; sequence += 1) {
    const next = chainAuditRecord(head, record(hsmId, sequence, BEGIN + sequence * step))
    log.push(next.chained)
    head = next.head
  }
  return { log, head }
}

const signedBy = (head: AuditHead, privateKey: KeyObject, publicKey: KeyObject): SignedAuditHead => ({
  head,
  identityKey: toBase64(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)),
  signature: toBase64(sign(null, Buffer.from(auditHeadStatement(head)), privateKey)),
})

const noClusters = { ...({} as ProductStatus), version: '', pid: 1, dataDirectory: '', startedAtMicros: 0 }
const status: ProductStatus = { ...noClusters, controllerPosition: 0, keysInOneZone: 0, clusters: [] }

test('show prints the text of CloudHSM, and nothing else for one HSM', async (t) => {
  const { data, shown } = await controlledBy(t, status)
  shown.records.push(...chainOf(first, 2, 1).log, ...chainOf(second, 1, 1).log)
  const { code, output } = await hsmlab(data, `audit show --hsm ${first} --from 1`)
  t.is(code, 0)
  t.is(
    output,
    `Time: 05/17/26 09:00:01.250001, usecs:1779008401250001
Sequence No : 0x1
Reboot counter : 0x107
Command Type(hex) : CN_MGMT_CMD (0x0)
Opcode : CN_LOGIN (0xd)
Session Handle : 0x7014006
Response : 0:HSM Return: SUCCESS
Log type : MGMT_USER_DETAILS_LOG (2)
User Name : alice
User Type : CN_CRYPTO_USER (1)
`,
  )
})

test('show mixes the HSMs by time and names each where it changes', async (t) => {
  const { data, shown } = await controlledBy(t, status)
  shown.records.push(...chainOf(first, 2, 1_000_000).log, ...chainOf(second, 1, 1).log)
  const { output } = await hsmlab(data, 'audit show')
  t.deepEqual(output.match(/^(?:# .*|Sequence No.*)$/gm), [
    `# ${first}`,
    'Sequence No : 0x0',
    `# ${second}`,
    'Sequence No : 0x0',
    `# ${first}`,
    'Sequence No : 0x1',
  ])
})

test('show --json prints one chained record a line', async (t) => {
  const { data, shown } = await controlledBy(t, status)
  const { log } = chainOf(first, 3, 1)
  shown.records.push(...log)
  const { output } = await hsmlab(data, 'audit show --json')
  t.deepEqual(
    output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    log,
  )
})

test('an HSM whose clock went back keeps its own order', (t) => {
  const mine = [record(first, 0, 30), record(first, 1, 10), record(first, 2, 40)]
  const others = [record(second, 0, 20), record(second, 1, 35)]
  const chained = [...mine, ...others].map((each) => ({ record: each, previousHash: '', hash: '' }))
  t.deepEqual(
    byTime(chained).map(({ record: { hsmId, sequence } }) => `${hsmId.charAt(4)}${sequence}`),
    ['b0', 'a0', 'a1', 'b1', 'a2'],
  )
})

test('tail prints the newest records, then each that comes, once', async (t) => {
  const { data, shown } = await controlledBy(t, status)
  const { log } = chainOf(first, 5, 1)
  shown.records.push(...log.slice(0, 3))
  let interrupt = (): void => {}
  const tailing = hsmlab(data, 'audit tail -n 1 --json', {
    onStopSignal: (run) => (interrupt = run),
    onOutput: (text) => text.includes('"sequence":4') && interrupt(),
  })
  while (shown.follower === undefined) await new Promise(setImmediate)
  shown.follower(log.slice(2, 4))
  shown.follower(log.slice(4))
  const { code, output } = await tailing
  t.is(code, 0)
  t.deepEqual(output.match(/"sequence":\d/g), ['"sequence":2', '"sequence":3', '"sequence":4'])
})

test('verify holds the records against chain and signature', async (t) => {
  const { data, shown } = await controlledBy(t, status)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { log, head } = chainOf(first, 4, 1)
  shown.records.push(...log)
  shown.heads.push(signedBy(head, privateKey, publicKey))
  const sound = await hsmlab(data, 'audit verify')
  t.is(sound.code, 0)
  t.is(sound.output, `${first}  4 records, 4 of them under its signature: complete and unaltered\n`)

  shown.records.splice(1, 1)
  const removed = await hsmlab(data, 'audit verify')
  t.is(removed.code, 4)
  t.regex(removed.output, /NOT SOUND\n {2}record 0x1 removed\n$/)

  shown.records.length = 0
  const cut = await hsmlab(data, 'audit verify --json')
  t.is(cut.code, 4)
  t.deepEqual(cut.json, {
    sound: false,
    hsms: [
      {
        hsmId: first,
        records: 0,
        signedUpTo: 4,
        forgedHeads: 0,
        findings: [{ _tag: 'LogCut', from: 0, to: 3 }],
      },
    ],
  })
})

test('a head that the HSM did not sign vouches for nothing', async (t) => {
  const { data, shown } = await controlledBy(t, status)
  const { privateKey } = generateKeyPairSync('ed25519')
  const { publicKey } = generateKeyPairSync('ed25519')
  const { log, head } = chainOf(first, 2, 1)
  shown.records.push(...log)
  shown.heads.push(signedBy(head, privateKey, publicKey), {
    head,
    identityKey: 'AAAA' as never,
    signature: 'AAAA' as never,
  })
  const { code, output } = await hsmlab(data, 'audit verify')
  t.is(code, 4)
  t.regex(output, /0 of them under its signature: NOT SOUND\n {2}a head does not bear the signature/)
})
