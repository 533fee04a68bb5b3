import test from 'ava'
import { until } from '../support/patience.ts'
import { ADMIN, type As, dataOf, type Home, startProduct, USER1, type Words } from '../support/product.ts'

type User = Readonly<{ username: string; role: string; locked: string; 'cluster-coverage': string }>
type Key = Readonly<{
  'key-reference': string
  'key-info': Readonly<{
    'key-owners': ReadonlyArray<Readonly<{ username: string; 'key-coverage': string }>>
    'cluster-coverage': string
  }>
  attributes: Readonly<Record<string, unknown>>
}>
type KeyList = Readonly<{
  matched_keys: ReadonlyArray<Key>
  total_key_count: number
  returned_key_count: number
  next_token?: string
}>

const words = (line: string): Words => line.split(' ')

/** `cloudhsm-cli` for one user, in single-command mode. */
const toolFor =
  ({ cloudhsmCli }: Home) =>
  (as?: As) =>
  async (line: string): Promise<Readonly<{ code: number; status: number | null; data: unknown }>> => {
    const ran = await cloudhsmCli(as, ...words(line))
    const { error_code: code } = JSON.parse(ran.stdout.toString()) as Readonly<{ error_code: number }>
    return { code, status: ran.status, data: dataOf(ran) }
  }

type HsmInfo = Readonly<Record<string, string>>

/** Resolves when the tool's service is connected to all three HSMs, as it is a moment after they come. */
const allHsms = async (home: Home): Promise<ReadonlyArray<HsmInfo>> =>
  until(
    async () =>
      dataOf<Readonly<{ hsms: ReadonlyArray<HsmInfo> }>>(await home.cloudhsmCli(undefined, 'cluster', 'hsm-info')).hsms,
    (hsms) => hsms.length === 3,
  )

const done = (data: unknown) => ({ code: 0, status: 0, data })
const refused = (data: string) => ({ code: 1, status: 1, data })

test.serial('an admin makes users, changes their passwords and deletes them; a crypto user may not', async (t) => {
  const product = await startProduct(t)
  const tool = toolFor(product)
  const admin = tool(ADMIN)
  const alice = { username: 'alice', role: 'crypto-user' }
  const named = '--username Alice --role crypto-user'
  t.deepEqual(await admin(`user create ${named} --password password2`), done(alice))
  t.deepEqual(await admin(`user create ${named} --password password2`), refused('User already exists.'))
  t.is((await tool(USER1)('user create --username eve --role admin --password password2')).code, 1)

  const { users } = dataOf<Readonly<{ users: ReadonlyArray<User> }>>(
    await product.cloudhsmCli(undefined, 'user', 'list'),
  )
  t.deepEqual(
    users.map(({ username, role, locked, 'cluster-coverage': coverage }) => [username, role, locked, coverage]),
    [
      ['admin', 'admin', 'false', 'full'],
      ['alice', 'crypto-user', 'false', 'full'],
      ['app_user', 'internal(APPLIANCE_USER)', 'false', 'full'],
      ['user1', 'crypto-user', 'false', 'full'],
    ],
  )

  const asAlice = (password: string) => tool({ role: 'crypto-user', pin: `alice:${password}` })
  t.is((await asAlice('password2')('key list')).code, 0)
  t.deepEqual(await asAlice('password2')(`user change-password ${named} --password password3`), done(alice))
  t.deepEqual(await asAlice('password2')('key list'), refused('RET_USER_LOGIN_FAILURE'))
  t.deepEqual(await admin(`user change-password ${named} --password password4`), done(alice))

  t.is((await asAlice('password4')('key generate-symmetric aes --label mine --key-length-bytes 16')).code, 0)
  t.deepEqual(await admin(`user delete ${named}`), refused('The user owns keys; delete them first.'))
  t.deepEqual(
    await asAlice('password4')('key delete --filter attr.label=mine'),
    done({ message: 'Key deleted successfully' }),
  )
  t.deepEqual(await admin(`user delete ${named}`), done(alice))
  t.is((await asAlice('password4')('key list')).code, 1)

  for (const password of ['short77', 'x'.repeat(33), 'with:colon']) {
    t.is((await admin(`user create --username carl --role crypto-user --password ${password}`)).code, 1, password)
  }
})

test.serial('a crypto user makes keys of every kind, finds them, pages through them and deletes them', async (t) => {
  const product = await startProduct(t)
  const tool = toolFor(product)
  const user1 = tool(USER1)
  for (const bytes of [16, 24, 32]) {
    const { data } = await user1(`key generate-symmetric aes --label aes-${bytes} --key-length-bytes ${bytes}`)
    const { key } = data as Readonly<{ key: Key }>
    t.regex(key['key-reference'], /^0x[0-9a-f]{16}$/)
    t.deepEqual(key['key-info']['key-owners'], [{ username: 'user1', 'key-coverage': 'full' }])
    t.like(key.attributes, {
      'key-type': 'aes',
      class: 'secret-key',
      'key-length-bytes': bytes,
      sensitive: true,
      sign: true,
      local: true,
      'always-sensitive': true,
    })
    t.regex(String(key.attributes['check-value']), /^0x[0-9a-f]{6}$/)
  }
  const pair = 'key generate-asymmetric-pair'
  for (const curve of ['prime256v1', 'secp384r1']) {
    const { data } = await user1(`${pair} ec --curve ${curve} --public-label p-${curve} --private-label ${curve}`)
    const { public_key: publicKey, private_key: privateKey } = data as Readonly<Record<string, Key>>
    t.like(publicKey?.attributes, { class: 'public-key', curve, sensitive: false })
    t.like(privateKey?.attributes, { class: 'private-key', curve, sensitive: true })
    t.is(publicKey?.attributes['check-value'], privateKey?.attributes['check-value'])
    t.is(BigInt(privateKey?.['key-reference'] ?? 0), BigInt(publicKey?.['key-reference'] ?? 0) + 1n)
  }
  const rsa = `${pair} rsa --modulus-size-bits 2048 --public-exponent 65537 --public-label p-rsa --private-label rsa`
  const made = (await user1(`${rsa} --private-attributes sign=true decrypt=true`)).data as Readonly<Record<string, Key>>
  t.like(made['public_key']?.attributes, { 'public-exponent': '0x010001', 'modulus-size-bits': 2048 })
  t.like(made['private_key']?.attributes, { sign: true, decrypt: true, unwrap: false })
  const session = (await user1('key generate-symmetric aes --label passing --key-length-bytes 16 --session')).data
  t.is((session as Readonly<{ key: Key }>).key['key-info']['cluster-coverage'], 'session')

  const listed = async (line: string) => (await user1(`key list ${line}`)).data as KeyList
  const labels = ({ matched_keys: keys }: KeyList) => keys.map(({ attributes }) => attributes['label'])
  const all = await listed('--max-items 100')
  t.is(all.total_key_count, 9, 'the session key went with its session')
  const first = await listed('--max-items 4')
  t.is(first.returned_key_count, 4)
  const second = await listed(`--max-items 100 --starting-token ${first.next_token}`)
  t.deepEqual([...labels(first), ...labels(second)], labels(all))
  t.is(second.next_token, undefined)
  t.deepEqual(labels(await listed('--filter attr.key-type=ec attr.class=private-key')), ['prime256v1', 'secp384r1'])
  t.deepEqual(labels(await listed('--filter attr.label=aes-24')), ['aes-24'])
  const [verbose] = (await listed('--filter attr.label=rsa --verbose')).matched_keys
  t.deepEqual(verbose, made['private_key'])

  const several = await user1('key delete --filter attr.key-type=aes')
  t.deepEqual(
    several,
    refused('Key selection criteria matched 3 keys. Refine selection criteria to select a single key.'),
  )
  const reference = verbose?.['key-reference'] ?? ''
  t.is((await user1(`key delete --filter key-reference=${reference}`)).code, 0)
  t.is((await listed(`--filter key-reference=${reference}`)).total_key_count, 0)

  // Another crypto user sees the public keys, and owns nothing of it; an admin sees labels only.
  await tool(ADMIN)('user create --username bob --role crypto-user --password password2')
  const bob = tool({ role: 'crypto-user', pin: 'bob:password2' })
  const seen = (await bob('key list --verbose --max-items 100')).data as KeyList
  t.true(seen.matched_keys.every(({ attributes }) => attributes['class'] === 'public-key'))
  t.is((await bob('key delete --filter attr.label=p-rsa')).code, 1)
  t.is((await bob('key delete --filter attr.label=aes-16')).code, 1)
  const overview = (await tool(ADMIN)('key list --verbose --max-items 100')).data as KeyList
  t.is(overview.total_key_count, 8)
  t.true(overview.matched_keys.every((key) => !('key-info' in key)))
  t.is((await tool(ADMIN)('key generate-symmetric aes --label no --key-length-bytes 16')).code, 1)
})

test.serial(
  'what needs a login says so, what is misspelled is named, and anybody may look at the cluster',
  async (t) => {
    const product = await startProduct(t)
    const tool = toolFor(product)
    const hsms = await allHsms(product)
    t.is(new Set(hsms.map((hsm) => hsm['serial-number'])).size, 3)
    t.true(hsms.every((hsm) => hsm['fips-state'] === '2 [FIPS mode with single factor authentication]'))

    const needsLogin = /^This command needs a login: set CLOUDHSM_ROLE .* and CLOUDHSM_PIN/
    t.regex(String((await tool()('key list')).data), needsLogin)
    t.regex(String((await tool({ role: 'crypto-user', pin: 'user1' })('key list')).data), needsLogin)
    t.deepEqual(await tool({ ...USER1, pin: 'user1:wrongpass' })('key list'), refused('RET_USER_LOGIN_FAILURE'))
    const unknown = "user isn't initialized or user with this name doesn't exist"
    t.deepEqual(await tool({ ...USER1, pin: 'nobody:password1' })('key list'), refused(unknown))
    t.deepEqual(await tool({ role: 'admin', pin: USER1.pin })('key list'), refused(unknown))
    t.deepEqual(
      await tool()('login --username user1 --role crypto-user --password password1'),
      done({ username: 'user1', role: 'crypto-user' }),
    )
    t.is((await tool()('logout')).code, 1)

    const wrong = await product.cloudhsmCli(USER1, 'key', 'lst')
    t.is(wrong.status, 2)
    t.regex(wrong.stderr, /unrecognized subcommand 'lst'/)
    const length = await product.cloudhsmCli(
      USER1,
      ...words('key generate-symmetric aes --label x --key-length-bytes 17'),
    )
    t.is(length.status, 2)
    t.regex(length.stderr, /possible values: 16, 24, 32/)
  },
)

test.serial(
  'more than five wrong passwords lock a user, on each HSM by itself, until an admin sets a new one',
  async (t) => {
    const product = await startProduct(t)
    const tool = toolFor(product)
    const admin = tool(ADMIN)
    for (const name of ['mary', 'john'])
      await admin(`user create --username ${name} --role crypto-user --password password2`)
    const as = (name: string, password: string) => tool({ role: 'crypto-user', pin: `${name}:${password}` })
    const lockedOf = async (name: string): Promise<string | undefined> => {
      const { users } = (await tool()('user list')).data as Readonly<{ users: ReadonlyArray<User> }>
      return users.find(({ username }) => username === name)?.locked
    }

    for (let attempt = 1; attempt <= 5; attempt += 1) await as('mary', 'wrongpass')('key list')
    t.is(await lockedOf('mary'), 'false', 'five are not too many')
    t.is((await as('mary', 'password2')('key list')).code, 0)
    // A right password counts from zero again.
    for (let attempt = 1; attempt <= 6; attempt += 1) await as('mary', 'wrongpass')('key list')
    t.is(await lockedOf('mary'), 'true')
    t.is((await as('mary', 'password2')('key list')).code, 1)
    t.is(await lockedOf('john'), 'false')
    await admin('user change-password --username mary --role crypto-user --password password3')
    t.is(await lockedOf('mary'), 'false')
    t.is((await as('mary', 'password3')('key list')).code, 0)

    // Only one HSM is there to count.
    const [, second, third] = (await product.status()).clusters[0]?.hsms ?? []
    for (const hsm of [second, third]) await product.hsmlab('chaos', 'kill-hsm', hsm?.hsmId ?? '')
    for (let attempt = 1; attempt <= 6; attempt += 1) await as('john', 'wrongpass')('key list')
    t.is(await lockedOf('john'), 'true')
    await product.hsmlab('chaos', 'heal')
    await allHsms(product)
    t.is(await lockedOf('john'), 'inconsistent')
    await admin('user change-password --username john --role crypto-user --password password3')
    t.is(await lockedOf('john'), 'false')
    t.is((await as('john', 'password3')('key list')).code, 0)
  },
)
