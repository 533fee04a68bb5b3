import { existsSync, readdirSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test from 'ava'
import { until } from '../support/patience.ts'
import { ADMIN, bin, dataOf, makeHome, startProduct, up, USER1 } from '../support/product.ts'
import { killGroup, launch } from '../support/run.ts'

type Started = Readonly<{ pid: number; clusters: ReadonlyArray<Readonly<{ state: string }>> }>
type KeyList = Readonly<{
  matched_keys: ReadonlyArray<Readonly<{ attributes: Readonly<{ label: string }> }>>
  total_key_count: number
}>
type UserList = Readonly<{ users: ReadonlyArray<Readonly<{ username: string; 'cluster-coverage': string }>> }>

const aesKey = (label: string) => ['key', 'generate-symmetric', 'aes', '--label', label, '--key-length-bytes', '32']
const createUser = (name: string) => ['user', 'create', '--username', name, '--role', 'crypto-user']

test.serial(
  'one command starts a cluster of three, prints what to paste, and holds its folder until down',
  async (t) => {
    const home = await makeHome(t)
    t.teardown(() => home.hsmlab('down'))
    const started = await home.hsmlab('up', '--detach', '--port', '0')
    t.is(started.status, 0, started.text)
    t.log(started.text.split('\n')[0])
    const shown = started.stdout.toString()
    t.regex(shown, /^hsmlab \S+ is ready \(pid \d+, \d+ ms\)$/m)
    t.regex(shown, /^ {2}AWS endpoint {2}http:\/\/127\.0\.0\.1:\d+$/m)
    t.regex(shown, /^ {2}PKCS#11 {7}P11_KIT_SERVER_ADDRESS=unix:path=\S+\/pkcs11\.sock$/m)
    t.regex(shown, /^ {2}Cluster {7}cluster-\w+ {2}ACTIVE {2}3 HSMs in us-east-1a, us-east-1b, us-east-1c$/m)
    t.regex(shown, /^ {2}Admin {9}admin \/ password1$/m)
    t.regex(shown, /^ {2}Crypto user {3}user1 \/ password1 {3}PIN user1:password1$/m)
    const pid = Number(/pid (\d+)/.exec(shown)?.[1])

    const second = await home.hsmlab('up', '--port', '0')
    t.is(second.status, 1)
    t.is(second.text, `hsmlab: The data folder ${home.data} is held by process ${pid}. Stop it with: npx hsmlab down\n`)

    const { stdout: exports } = await home.hsmlab('env')
    t.deepEqual(
      [...exports.toString().matchAll(/^export (\w+)=\S+$/gm)].map(([, name]) => name),
      [
        'HSMLAB_DATA',
        'AWS_ENDPOINT_URL',
        'AWS_REGION',
        'AWS_DEFAULT_REGION',
        'AWS_ACCESS_KEY_ID',
        'AWS_SECRET_ACCESS_KEY',
        'P11_KIT_SERVER_ADDRESS',
      ],
    )
    const rows = ['us-east-1a', 'us-east-1b', 'us-east-1c'].map(
      (zone) => new RegExp(`^ {2}${zone} {2}hsm-\\w+ {2}10\\.0\\.\\d\\.10 {2}ACTIVE +\\d+ +0 +0 +[0-9a-f]{12}$`, 'm'),
    )
    // HSMs that have just come lag until they have compared their keys with all others.
    const status = await until(
      () => home.hsmlab('status'),
      ({ text }) => rows.every((row) => row.test(text)),
    )
    t.regex(status.text, /All HSMs hold the same keys\./)

    const stopped = await home.hsmlab('down')
    t.is(stopped.text, `Stopped (pid ${pid}).\n`)
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    t.is((await home.hsmlab('status')).status, 3)
  },
)

test.serial('--empty starts without a cluster', async (t) => {
  const product = await startProduct(t, '--empty')
  t.deepEqual(product.ready.clusters, [])
  t.regex((await product.hsmlab('status')).text, /No cluster/)
  t.deepEqual(
    readdirSync(product.data).filter((name) => name === 'hsm' || name === 'ready-made'),
    [],
  )
})

test.serial('Ctrl-C ends it cleanly: code 0, and neither sockets nor pid file are left', async (t) => {
  const product = await startProduct(t, '--empty')
  const { controlSocket, clientSocket, pkcs11Socket } = product.ready
  t.is((await stat(pkcs11Socket)).mode & 0o777, 0o600)
  process.kill(product.ready.pid, 'SIGINT')
  t.is(await product.exited, 0)
  t.regex(product.said().errors, /Stopped\.\n$/)
  for (const path of [
    controlSocket,
    clientSocket,
    pkcs11Socket,
    `${product.data}/pid`,
    `${product.data}/instance.json`,
  ]) {
    t.false(existsSync(path), path)
  }
})

test.serial('after kill -9 the next start has every key and user that was acknowledged', async (t) => {
  const product = await startProduct(t)
  const acknowledged: string[] = []
  const makeKeys = async (worker: number): Promise<void> => {
    for (let i = 0; ; i += 1) {
      const label = `key-${worker}-${i}`
      const made = await product.cloudhsmCli(USER1, ...aesKey(label))
      if (made.status !== 0) return
      acknowledged.push(label)
      if (acknowledged.length === 6) await product.kill()
    }
  }
  const made = await product.cloudhsmCli(ADMIN, ...createUser('alice'), '--password', 'password2')
  t.is(made.status, 0, made.text)
  // It is killed while others make keys.
  await Promise.all([makeKeys(0), makeKeys(1)])
  t.true(acknowledged.length >= 6)
  t.true(existsSync(product.ready.pkcs11Socket))

  await up(t, product)
  const list = ['key', 'list', '--max-items', '100']
  const { matched_keys: keys } = dataOf<KeyList>(await product.cloudhsmCli(USER1, ...list))
  const labels = keys.map(({ attributes }) => attributes.label)
  for (const label of acknowledged) t.true(labels.includes(label), label)
  const { users } = dataOf<UserList>(await product.cloudhsmCli(undefined, 'user', 'list'))
  t.like(
    users.find(({ username }) => username === 'alice'),
    { 'cluster-coverage': 'full' },
  )
  const { same, compared } = await product.asked<Readonly<{ same: boolean; compared: boolean }>>('replay', '--verify')
  t.true(same && compared)
})

/** What the making of the ready-made cluster leaves in the data folder, in this order. */
const MILESTONES = ['keys', 'hsm/us-east-1a', 'customerCA.crt', 'clusters', 'hsm/us-east-1b', 'hsm/us-east-1c']

test.serial('kill -9 at any point of the first start is made good by the next one', async (t) => {
  const home = await makeHome(t)
  for (const milestone of MILESTONES) {
    const child = launch(process.execPath, [bin('hsmlab'), 'up', '--data', home.data, '--port', '0'])
    const ended = once(child, 'exit')
    await until(
      async () => existsSync(join(home.data, milestone)) || child.exitCode !== null,
      (isThere) => isThere,
    )
    if (child.exitCode !== null) return t.fail(`${milestone}: ${await text(child.stderr)}`)
    killGroup(child)
    await ended
  }
  const { ready } = await up(t, home)
  t.deepEqual(
    ready.clusters.map(({ state }) => state),
    ['ACTIVE'],
  )
  const { clusters } = await home.status()
  t.deepEqual(
    clusters[0]?.hsms.map(({ state }) => state),
    ['ACTIVE', 'ACTIVE', 'ACTIVE'],
  )
  t.is((await home.cloudhsmCli(USER1, ...aesKey('first'))).status, 0)
})

test.serial('of two starts at the same moment one gets the folder, the other its pid', async (t) => {
  const home = await makeHome(t)
  t.teardown(() => home.hsmlab('down'))
  const starts = await Promise.all([
    home.hsmlab('up', '--empty', '--detach', '--port', '0', '--json'),
    home.hsmlab('up', '--empty', '--detach', '--port', '0', '--json'),
  ])
  const winners = starts.filter(({ status }) => status === 0)
  t.is(winners.length, 1, starts.map(({ text }) => text).join('\n'))
  const { pid } = JSON.parse(winners[0]?.stdout.toString() ?? '') as Started
  t.regex(starts.find(({ status }) => status !== 0)?.text ?? '', new RegExp(`held by process ${pid}`))
})

test.serial('a port in use is named, with the way out', async (t) => {
  const home = await makeHome(t)
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  t.teardown(() => squatter.close())
  const address = squatter.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const refused = await home.hsmlab('up', '--empty', '--port', String(port))
  t.is(refused.status, 1)
  t.is(
    refused.text,
    `hsmlab: Port ${port} on 127.0.0.1 is in use. Choose another one with --port, or --port 0 for any.\n`,
  )
  await up(t, home, '--empty')
  t.pass('and the folder is as good as before')
})
