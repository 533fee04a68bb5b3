import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { opensslEngine } from '@hsmlab/adapter-node'
import type { KeyHandle } from '@hsmlab/domain'
import { CHANNEL_ID_SIZE, type subjects } from '@hsmlab/protocol'
import type { HsmStatus } from '@hsmlab/protocol/local'
import { answersIn, eavesdrop, type Eavesdropper, type Heard } from '../support/bus/eavesdropper.ts'
import { type Invention, inventions, type Known } from '../support/bus/inventions.ts'
import { OWN_INBOX, startLying } from '../support/bus/liar.ts'
import { askWithoutLogin } from '../support/bus/stranger-channel.ts'
import { flipped, oversized, truncated } from '../support/bus/tamper.ts'
import { agreement, hsmsOf, makeKey, moreSignatures, replaceHsm, succeeds } from '../support/cluster.ts'
import { type NatsProduct, startOverNats } from '../support/nats.ts'
import { until } from '../support/patience.ts'
import { servicesOf } from '../support/processes.ts'
import { ADMIN, dataOf, PIN, USER1 } from '../support/product.ts'
import { systemPrograms } from '../support/pkcs11.ts'
import { type Signer, wireSigners } from '../support/signers.ts'

const LIES_MIN = 16
const ALICE = { role: 'crypto-user', pin: 'alice:password3' } as const
/** What the product's log says of the attack. */
const REFUSED = [
  'a frame was dropped: stale, forged or of no channel',
  'a control frame was dropped: stale, forged or of no channel',
  'a handshake of no controller was dropped',
  'a question of no peer was dropped',
  'an answer of no peer was dropped',
  'a log run or head was dropped: no HSM signed it',
  'a message on the feed carries no run',
]
const SECRETS = /password\d|wrongpass/

type Verified = Readonly<{ same: boolean; compared: boolean }>
type Keys = Readonly<{ matched_keys: ReadonlyArray<Readonly<{ 'key-reference': string }>> }>

/** Real work of every kind, for a stranger to overhear. */
const work = async (t: ExecutionContext, product: NatsProduct): Promise<void> => {
  const done = async (...[as, ...words]: Parameters<NatsProduct['cloudhsmCli']>): Promise<void> => {
    const { status, text } = await product.cloudhsmCli(as, ...words)
    t.is(status, 0, text)
  }
  const alice = ['--username', 'alice', '--role', 'crypto-user', '--password']
  await done(ADMIN, 'user', 'create', ...alice, 'password2')
  await done(ADMIN, 'user', 'change-password', ...alice, 'password3')
  await done(ADMIN, 'user', 'create', '--username', 'bob', '--role', 'crypto-user', '--password', 'password4')
  await done(ADMIN, 'user', 'delete', '--username', 'bob', '--role', 'crypto-user')
  await makeKey(t, product, 'kept')
  await makeKey(t, product, 'deleted')
  await done(USER1, 'key', 'delete', '--filter', 'attr.label=deleted')
  const programs = systemPrograms(t, product)
  await programs?.asUser('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'pair', '--id', '01', '--private')
  const wrong = await programs?.tool('--login', '--pin', 'user1:wrongpass', '--list-objects')
  t.not(wrong?.status, 0)
  // Hand-over, backup, decommissioning, provisioning, restore and membership go over the bus.
  const [, , third] = await hsmsOf(product)
  await replaceHsm(t, product, third)
  // A right password lets the count of wrong ones begin again.
  await done(USER1, 'key', 'list')
}

/** What must be the same after the attack, whatever was said on the bus. */
const holdings = async (t: ExecutionContext, product: NatsProduct) => {
  const { cloudhsmCli, ready } = product
  await agreement(product, 3)
  const keys = dataOf<Keys>(await cloudhsmCli(USER1, 'key', 'list', '--verbose', '--max-items', '100'))
  const users = dataOf<unknown>(await cloudhsmCli(undefined, 'user', 'list'))
  for (const as of [ADMIN, ALICE]) t.is((await cloudhsmCli(as, 'key', 'list')).status, 0, as.pin)
  const refused = await cloudhsmCli({ ...ALICE, pin: 'alice:password2' }, 'key', 'list')
  t.is(dataOf<string>(refused), 'RET_USER_LOGIN_FAILURE')
  t.is((await cloudhsmCli(ALICE, 'key', 'list')).status, 0)
  const hsms = (await hsmsOf(product)).map(({ hsmId, availabilityZone, eniIp, state, keys: count, digest }) => {
    return { hsmId, availabilityZone, eniIp, state, count, digest }
  })
  return { keys, users, hsms, processes: await servicesOf(ready.pid) }
}

/** The last message at such a subject, with such content. */
const last = (heard: ReadonlyArray<Heard>, at: RegExp, content = /^/): Heard => {
  const found = heard.findLast(({ subject, data }) => at.test(subject) && content.test(data.toString('latin1')))
  if (found === undefined) throw new Error(`nothing was heard at ${at}`)
  return found
}

const maskingKeyIdIn = (heard: ReadonlyArray<Heard>): string => {
  const published = last(heard, /^hsmlab-feed\.log\..*/, /"maskingKeyId":"[0-9a-f]{16}"/)
  return /"maskingKeyId":"([0-9a-f]{16})"/.exec(published.data.toString('latin1'))?.[1] ?? ''
}

/** What reading the bus tells about one HSM and everybody it talks to. */
const knownOf = (
  heard: ReadonlyArray<Heard>,
  { ready }: NatsProduct,
  hsms: ReadonlyArray<HsmStatus>,
  hsm: HsmStatus,
  handle: KeyHandle,
): Known => {
  const { hsmId, availabilityZone: zone, eniIp, position = 0 } = hsm
  const channelIn = ({ data }: Heard): Buffer => data.subarray(0, CHANNEL_ID_SIZE)
  const proxy = last(heard, /^hsmlab\.proxy\.[0-9a-f]{32}\.frames$/)
  const controller = last(heard, /^hsmlab\.controller\.[0-9a-f]{32}\.frames$/)
  const answers = answersIn(heard)
  const answer = (pattern: RegExp): Buffer =>
    [...answers].find(([subject]) => pattern.test(subject))?.[1].at(-1) ?? Buffer.from('{}')
  return {
    clusterId: ready.clusters[0]?.clusterId as Known['clusterId'],
    hsmId,
    peer: hsms.find((other) => other.hsmId !== hsmId)?.hsmId ?? hsmId,
    zone,
    eniIp,
    proxyId: proxy.subject.split('.')[2] ?? '',
    controllerId: controller.subject.split('.')[2] ?? '',
    hsmChannel: channelIn(last(heard, new RegExp(`^hsmlab\\.hsm\\.${hsmId}\\.frames$`))),
    proxyChannel: channelIn(proxy),
    rackChannel: channelIn(last(heard, new RegExp(`^hsmlab\\.rack\\.${zone}\\.frames$`))),
    controllerChannel: channelIn(controller),
    position,
    handle,
    maskingKeyId: maskingKeyIdIn(heard),
    hello: answer(/\.hello$/),
    memberships: answer(/^hsmlab\.controller\.memberships$/),
  }
}

/** Says again what was said, word by word and altered. */
const replay = async ({ nats }: Eavesdropper, heard: ReadonlyArray<Heard>): Promise<void> => {
  const enlarged = new Set<string>()
  const say = ({ subject, headers }: Heard, data: Uint8Array): void =>
    nats.publish(subject, data, { reply: OWN_INBOX, ...(headers === undefined ? {} : { headers }) })
  for (const [i, message] of heard.entries()) {
    const { subject, data } = message
    say(message, data)
    say(message, flipped(data))
    say(message, truncated(data))
    // Inboxes and beats are many; one of a kind tells as much.
    const kind = subject.replace(/^(_INBOX|\$JS\.ACK)\..*/, '$1')
    if (!enlarged.has(kind)) say(message, oversized(data))
    enlarged.add(kind)
    if (i % 100 === 0) await nats.flush()
  }
  await nats.flush()
}

const NAMESPACES: Readonly<Partial<Record<keyof typeof subjects, string>>> = { log: 'hsmlab-feed' }

type Invented = ReadonlyArray<Readonly<{ at: string }> & Invention>

const inventedBy = (engine: ReturnType<typeof opensslEngine>, known: ReadonlyArray<Known>): Invented =>
  known.flatMap((each) =>
    Object.entries(inventions(engine, each)).map(([name, invention]) => ({
      ...invention,
      at: `${NAMESPACES[name as keyof typeof subjects] ?? 'hsmlab'}.${invention.at}`,
    })),
  )

const invent = async ({ nats }: Eavesdropper, invented: Invented): Promise<void> => {
  for (const { at, says = [], headers } of invented) {
    for (const said of says) {
      nats.publish(at, said, { reply: OWN_INBOX })
      if (headers !== undefined) nats.publish(at, said, { reply: OWN_INBOX, headers })
    }
  }
  await nats.flush()
}

/** What the parts ask each other by themselves, again and again; and what is asked when an HSM comes back. */
const ASKED_ALWAYS = /^hsmlab\.(hsm\.[^.]+\.(peer|log)|controller\.memberships)$/
const ASKED_ON_RETURN = [/\.hello$/, /\.handshake$/]

/**
 * Answers in the place of others, with old answers, altered ones and invented ones, until each was lied to often; an HSM
 * has to come back meanwhile.
 */
const lie = async (
  product: NatsProduct,
  { nats }: Eavesdropper,
  heard: ReadonlyArray<Heard>,
  invented: Invented,
): Promise<void> => {
  const answers = answersIn(heard)
  const liar = startLying(nats, (subject, question) => {
    const old = answers.get(subject) ?? []
    return {
      invented: invented.find(({ at }) => at === subject)?.lies?.(question) ?? [],
      old: [...old.slice(0, 3), ...old.slice(-1).map(flipped)],
    }
  })
  const [hsm] = await hsmsOf(product)
  for (const what of ['kill-hsm', 'heal']) await product.hsmlab('chaos', what, hsm?.hsmId ?? '')
  await until(
    async () => [...liar.told()],
    (told) =>
      told.filter(([subject, count]) => ASKED_ALWAYS.test(subject) && count >= LIES_MIN).length >= 5 &&
      ASKED_ON_RETURN.every((kind) => told.some(([subject]) => kind.test(subject))),
  )
  liar.stop()
  await nats.flush()
}

const logsOf = async ({ data }: NatsProduct): Promise<string> => {
  const names = await readdir(join(data, 'log'))
  const files = [join(data, 'hsmlab.log'), ...names.map((name) => join(data, 'log', name))]
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('')
}

/** Programs may have been kept from signing; what they were given are signatures. */
const wereOnlyKeptWaiting = (t: ExecutionContext, signers: ReadonlyArray<Signer>): void => {
  for (const signer of signers) {
    const failures = new Set(signer.failures())
    t.log(`${signer.name}: ${signer.count()} signatures, failures: ${[...failures].join(', ') || 'none'}`)
    t.true([...failures].every((failure) => failure.startsWith('CKR_')))
  }
}

test.serial(
  'a stranger on the bus who replays, alters, invents and answers for others can deny service, nothing else',
  async (t) => {
    const product = await startOverNats(t)
    if (product === undefined) return
    const stranger = await eavesdrop(t, product.server)
    const signers = await wireSigners(t, product, 1)
    t.teardown(async () => void (await Promise.all(signers.map((signer) => signer.stop()))))
    await work(t, product)
    const before = await holdings(t, product)
    t.is(before.hsms.length, 3)
    t.regex(JSON.stringify(before.keys), /"kept"/)
    t.notRegex(JSON.stringify(before.keys), /"deleted"/)
    stranger.cover()
    const heard = stranger.heard()
    const kinds = new Set(
      heard.map(({ subject }) => subject.replace(/hsm-\w+|cluster-\w+|us-east-1\w|[0-9A-Za-z]{16,}/g, '*')),
    )
    t.log(`${heard.length} messages heard, of ${kinds.size} kinds`)
    t.log(
      [...kinds]
        .filter((kind) => !kind.startsWith('$JS'))
        .toSorted()
        .join(' '),
    )

    const engine = opensslEngine()
    t.teardown(() => engine.close())
    const hsms = await hsmsOf(product)
    const handle = Number(before.keys.matched_keys[0]?.['key-reference']) as KeyHandle
    const invented = inventedBy(
      engine,
      hsms.map((hsm) => knownOf(heard, product, hsms, hsm, handle)),
    )
    await replay(stranger, heard)
    await invent(stranger, invented)
    await lie(product, stranger, heard, invented)
    for (const { hsmId } of hsms) {
      const clusterId = product.ready.clusters[0]?.clusterId as Known['clusterId']
      const { refused, done } = await askWithoutLogin(stranger.nats, engine, clusterId, hsmId, handle)
      t.true(refused > 100)
      t.deepEqual(done, [], 'nothing that needs a login')
    }
    // Whoever may publish may take the feed away: what it carried is asked for.
    const removed = await stranger.nats.request('$JS.API.STREAM.DELETE.hsmlab-feed')
    t.like(removed.json(), { success: true })

    await moreSignatures(signers, 3)
    await Promise.all(signers.map((signer) => signer.stop()))
    wereOnlyKeptWaiting(t, signers)
    const after = await holdings(t, product)
    t.deepEqual(after, before)
    const program = systemPrograms(t, product)
    t.regex((await program?.asUser('--list-objects', '--type', 'privkey'))?.text ?? '', /label: +pair/)
    t.not((await program?.tool('--login', '--pin', `${PIN}x`, '--list-objects'))?.status, 0)
    await makeKey(t, product, 'afterwards')
    await agreement(product, 3)
    const { same, compared } = await product.asked<Verified>('replay', '--verify')
    t.true(same && compared)
    await until(
      () => product.hsmlab('audit', 'verify'),
      ({ status, text }) => status === 0 && text.match(/complete and unaltered/g)?.length === 4,
    )
    const told = await logsOf(product)
    for (const what of REFUSED) t.true(told.includes(what), what)
    t.false(/another history|failed unexpectedly/.test(told), 'nobody is accused, and nothing breaks')
    t.false(SECRETS.test(told))
    await succeeds(t, product, 'down')
  },
)
