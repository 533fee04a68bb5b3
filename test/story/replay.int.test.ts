import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { chainAuditRecord, type ChainedAuditRecord, emptyAuditHead, type HsmId } from '@hsmlab/domain'
import { agreement, hsmsOf } from '../support/cluster.ts'
import { until } from '../support/patience.ts'
import { ADMIN, dataOf, type Home, makeHome, startProduct, up, USER1, type Words } from '../support/product.ts'
import { rewriteAudit } from '../support/rewrite-audit.ts'

type History = Readonly<{
  clusters: ReadonlyArray<Readonly<{ clusterId: string; state: string; hsms: ReadonlyArray<unknown> }>>
  hsms: ReadonlyArray<
    Readonly<{
      hsmId: string
      records: number
      users: ReadonlyArray<Readonly<{ username: string; failures: number }>>
      keys: ReadonlyArray<Readonly<{ keyReference: string; label: string; owner: string }>>
      deletedKeys: number
    }>
  >
  broken: ReadonlyArray<Readonly<{ log: string; code: string }>>
}>
type Verified = Readonly<{
  same: boolean
  compared: boolean
  logs: ReadonlyArray<Readonly<{ log: string; records: number; state: string; digest: string }>>
}>
type Life = Readonly<{
  keyReference: string
  life: ReadonlyArray<Readonly<{ what: string; detail: string; hsmId: string; atMicros: number }>>
}>
type AuditVerdicts = Readonly<{
  sound: boolean
  hsms: ReadonlyArray<
    Readonly<{ hsmId: string; records: number; signedUpTo: number; findings: ReadonlyArray<unknown> }>
  >
}>

const makeKey = async (t: ExecutionContext, home: Home, label: string): Promise<string> => {
  const words = ['key', 'generate-symmetric', 'aes', '--label', label, '--key-length-bytes', '32']
  const made = await home.cloudhsmCli(USER1, ...words)
  t.is(made.status, 0, made.text)
  return dataOf<Readonly<{ key: Readonly<{ 'key-reference': string }> }>>(made).key['key-reference']
}

const now = (): string => new Date().toISOString()
const labelsOf = ({ hsms }: History): ReadonlyArray<ReadonlyArray<string>> =>
  hsms.map(({ keys }) => keys.map(({ label }) => label))

test.serial('history is folded again: as it was at a time or a position, and the life of one key', async (t) => {
  const product = await startProduct(t)
  const { asked, hsmlab, cloudhsmCli } = product
  const replayAt = (place: string) => asked<History>('replay', '--at', place)

  const before = now()
  const reference = await makeKey(t, product, 'first')
  const between = now()
  await makeKey(t, product, 'second')
  await cloudhsmCli({ role: 'crypto-user', pin: 'user1:wrongpass' }, 'key', 'list')
  await agreement(product, 3)
  const [lost] = await hsmsOf(product)
  await hsmlab('chaos', 'kill-hsm', lost?.hsmId ?? '')
  const deleted = await cloudhsmCli(USER1, 'key', 'delete', '--filter', `key-reference=${reference}`)
  t.is(deleted.status, 0, deleted.text)
  // What happened to an HSM that is off is told from its disk.
  const meanwhile = await asked<Verified>('replay', '--verify')
  t.true(meanwhile.same && meanwhile.compared)
  t.deepEqual(
    meanwhile.logs.map(({ log, state }) => [log === lost?.hsmId, state]).filter(([isLost]) => isLost),
    [[true, 'unchecked']],
  )
  await hsmlab('chaos', 'heal')
  await until(
    () => product.status(),
    ({ clusters }) => clusters[0]?.hsms.every(({ keys }) => keys === 1) ?? false,
  )

  t.deepEqual(labelsOf(await replayAt(before)), [[], [], []])
  t.deepEqual(labelsOf(await replayAt(between)), [['first'], ['first'], ['first']])
  const today = await asked<History>('replay')
  t.deepEqual(labelsOf(today), [['second'], ['second'], ['second']])
  t.deepEqual(
    today.hsms.map(({ deletedKeys }) => deletedKeys),
    [1, 1, 1],
  )
  // A right password counts from zero again, on the HSMs that heard it.
  for (const { hsmId, users } of today.hsms) {
    const failures = users.find(({ username }) => username === 'user1')?.failures
    t.is(failures, hsmId === lost?.hsmId ? 1 : 0)
  }
  t.deepEqual(await replayAt('0'), { clusters: [], hsms: [], broken: [] })
  const [{ hsmId, records } = { hsmId: '', records: 0 }] = today.hsms
  const shorter = await replayAt(`${hsmId}:${records - 1}`)
  t.is(shorter.hsms.find((hsm) => hsm.hsmId === hsmId)?.records, records - 1)

  const { life } = await asked<Life>('replay', '--key', reference)
  t.is(life[0]?.what, 'generated')
  t.is(life[0]?.detail, 'by user1')
  t.is(new Set(life.map((step) => step.hsmId)).size, 3)
  t.is(life.filter(({ what }) => what === 'inserted').length, 2)
  t.is(life.filter(({ what }) => what === 'deleted').length, 3, 'on the one that was away as well')
  t.true(life.every(({ atMicros }, i) => i === 0 || atMicros >= (life[i - 1]?.atMicros ?? 0)))
})

test.serial(
  'replay --verify gives the live state byte for byte, running and stopped, also after a crash',
  async (t) => {
    const product = await startProduct(t)
    const { asked } = product
    for (const label of ['first', 'second']) await makeKey(t, product, label)
    const running = await asked<Verified>('replay', '--verify')
    t.true(running.same && running.compared)
    t.deepEqual(
      running.logs.map(({ state }) => state),
      ['same', 'same', 'same', 'same'],
    )
    // While others write, too.
    const [, verified] = await Promise.all([
      Promise.all(['a', 'b', 'c'].map((label) => makeKey(t, product, label))),
      asked<Verified>('replay', '--verify'),
    ])
    t.true(verified.same)

    await product.kill()
    const stopped = await asked<Verified>('replay', '--verify')
    t.true(stopped.same)
    t.false(stopped.compared)
    t.deepEqual(
      stopped.logs.map(({ state }) => state),
      ['unchecked', 'unchecked', 'unchecked', 'unchecked'],
    )
    const told = await asked<History>('replay')

    await up(t, product)
    const again = await asked<Verified>('replay', '--verify')
    t.true(again.same && again.compared)
    t.deepEqual(labelsOf(await asked<History>('replay')), labelsOf(told))
  },
)

test.serial("a log that is another HSM's is named by replay, and the other logs are told", async (t) => {
  const product = await startProduct(t)
  await makeKey(t, product, 'first')
  await product.stop()
  const hsmIn = (zone: string) => join(product.data, 'hsm', zone, readdirSync(join(product.data, 'hsm', zone))[0] ?? '')
  const [one, other] = [hsmIn('us-east-1a'), hsmIn('us-east-1b')]
  rmSync(join(other, 'log'), { recursive: true })
  cpSync(join(one, 'log'), join(other, 'log'), { recursive: true })
  const refused = await product.hsmlab('replay', '--verify')
  t.is(refused.status, 1)
  t.true(refused.text.includes(other.split('/').at(-1) ?? '?'), refused.text)
  t.regex(refused.text, /NOT REPLAYED: .* is another HSM's|NOT REPLAYED: .*hsm-/)
  t.regex(refused.text, /^1 of 4 logs cannot be replayed\.$/m)
  const told = await product.asked<History>('replay')
  t.deepEqual(labelsOf(told), [['first'], ['first']])
  t.deepEqual(
    told.broken.map(({ log }) => log),
    [other.split('/').at(-1) ?? '?'],
  )
})

test.serial('the audit log is in the text of CloudHSM, complete and in order for each HSM', async (t) => {
  const product = await startProduct(t)
  const { hsmlab, cloudhsmCli } = product
  await makeKey(t, product, 'first')
  await cloudhsmCli({ role: 'crypto-user', pin: 'user1:wrongpass' }, 'key', 'list')
  await cloudhsmCli(ADMIN, 'user', 'create', '--username', 'alice', '--role', 'crypto-user', '--password', 'password2')
  await cloudhsmCli(USER1, 'key', 'delete', '--filter', 'attr.label=first')
  const text = await until(
    async () => (await hsmlab('audit', 'show')).stdout.toString(),
    (shown) => shown.includes('CN_TOMBSTONE_OBJECT'),
  )
  for (const opcode of ['CN_LOGIN', 'CN_GENERATE_KEY', 'CN_CREATE_USER', 'CN_TOMBSTONE_OBJECT', 'CN_APP_FINALIZE']) {
    t.regex(text, new RegExp(`^Opcode : ${opcode} \\(0x[0-9a-f]+\\)$`, 'm'), opcode)
  }
  t.regex(text, /^Response : 163:HSM Error: RET_USER_LOGIN_FAILURE$/m)
  t.notRegex(text, /password|wrongpass/)

  const records = (await hsmlab('audit', 'show', '--json')).stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ChainedAuditRecord)
  const hsmIds = [...new Set(records.map(({ record }) => record.hsmId))]
  t.is(hsmIds.length, 3)
  for (const hsmId of hsmIds) {
    const own = records.filter(({ record }) => record.hsmId === hsmId).map(({ record }) => record.sequence)
    t.deepEqual(
      own,
      own.map((_, i) => i),
      `${hsmId} counts without a gap`,
    )
  }
  const [hsmId = ''] = hsmIds
  const one = await hsmlab('audit', 'show', '--hsm', hsmId)
  t.is(one.text.match(/^Sequence No/gm)?.length, records.filter(({ record }) => record.hsmId === hsmId).length)
})

/** A stopped product with some history, and one of its HSMs. */
const audited = async (
  t: ExecutionContext,
): Promise<Home & Readonly<{ hsmId: HsmId; copy: (name: string) => Promise<Home> }>> => {
  const product = await startProduct(t)
  for (const label of ['first', 'second']) await makeKey(t, product, label)
  const sound = await until(
    () => product.asked<AuditVerdicts>('audit', 'verify'),
    ({ hsms }) => hsms.length === 3 && hsms.every(({ records, signedUpTo }) => signedUpTo === records),
  )
  t.true(sound.sound)
  await product.stop()
  const [best] = [...sound.hsms].sort((a, b) => b.records - a.records)
  return {
    ...product,
    hsmId: (best?.hsmId ?? '') as HsmId,
    copy: async () => {
      const home = await makeHome(t)
      cpSync(product.data, home.data, { recursive: true })
      return home
    },
  }
}

/** Chains records anew, as if they had always been so. */
const rechained = (hsmId: HsmId, records: ReadonlyArray<ChainedAuditRecord>): ReadonlyArray<ChainedAuditRecord> => {
  let head = emptyAuditHead(hsmId)
  return records.map(({ record }) => {
    const next = chainAuditRecord(head, { ...record, sequence: head.length })
    head = next.head
    return next.chained
  })
}

type Change = (records: ReadonlyArray<ChainedAuditRecord>, hsmId: HsmId) => ReadonlyArray<ChainedAuditRecord>

const TAMPERINGS: ReadonlyArray<readonly [string, Change, RegExp]> = [
  ['a record is removed', (records) => records.filter((_, i) => i !== 2), /^ {2}record 0x2 removed$/m],
  [
    'a record is changed',
    (records) => records.map((each, i) => (i === 2 ? { ...each, record: { ...each.record, timeMicros: 1 } } : each)),
    /^ {2}record 0x2 was changed$/m,
  ],
  [
    'two records change places',
    ([first, second, ...rest]) => [second, first, ...rest].flatMap((each) => each ?? []),
    /^ {2}record 0x[01] stands in another place than its number says$/m,
  ],
  [
    'the end is cut off',
    (records) => records.slice(0, 3),
    /^ {2}the log was cut: records 0x3 to 0x[0-9a-f]+ missing at its end$/m,
  ],
  [
    'a record is taken out and the rest is chained anew',
    (records, hsmId) => rechained(hsmId, [...records.filter((_, i) => i !== 2), ...records.slice(-1)]),
    /^ {2}records? 0x0 to 0x[0-9a-f]+ written anew: not the log that the HSM signed$/m,
  ],
  ['nothing is left of it', () => [], /^ {2}the log was cut: records 0x0 to 0x[0-9a-f]+ missing at its end$/m],
]

test.serial('whoever holds the keys of the audit sink cannot alter the audit log unnoticed', async (t) => {
  const original = await audited(t)
  for (const [what, change, said] of TAMPERINGS) {
    const home = await original.copy(what)
    await rewriteAudit(home.data, original.hsmId, (records) => change(records, original.hsmId))
    const { status, text } = await home.hsmlab('audit', 'verify')
    t.is(status, 4, `${what}: ${text}`)
    t.regex(text, said, what)
    t.regex(text, new RegExp(`^${original.hsmId} .* NOT SOUND$`, 'm'))
    t.is(text.match(/complete and unaltered/g)?.length, 2, 'the other two are beyond doubt')
  }
  const untouched = await original.copy('untouched')
  await rewriteAudit(untouched.data, original.hsmId, (records) => records)
  t.is((await untouched.hsmlab('audit', 'verify')).status, 0)
})

test.serial('audit tail follows what happens until the product ends', async (t) => {
  const product = await startProduct(t)
  const tail: Words = ['audit', 'tail', '-n', '0', '--json']
  const following = product.hsmlab(...tail)
  await until(
    async () => {
      await product.cloudhsmCli(USER1, 'key', 'list')
      return (await product.hsmlab('audit', 'show')).text.match(/CN_LOGIN/g)?.length ?? 0
    },
    (logins) => logins > 9,
  )
  await product.stop()
  const { status, stdout } = await following
  t.is(status, 0)
  t.regex(stdout.toString(), /"opcode":"CN_LOGIN"/)
})
