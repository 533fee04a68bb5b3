import test from 'ava'
import { memoryCluster } from '../support/memory-application.ts'
import { readyMadeCluster, runningOn, temporaryFolder } from '../support/instance.ts'
import { runCli } from '../support/run-cli.ts'

const admin = ['admin', 'admin:password1'] as const
const user1 = ['crypto-user', 'user1:password1'] as const

test('the answer is an envelope, two spaces a level', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const { code, output } = await runCli(data, ['login', '--username', 'USER1', '--role', 'crypto-user'], {
    typed: 'password1\n',
  })
  t.is(code, 0)
  t.is(
    output,
    `{
  "error_code": 0,
  "data": {
    "username": "user1",
    "role": "crypto-user"
  }
}
`,
  )
})

test('hsm-info names what CloudHSM names, without a login', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  t.deepEqual((await runCli(data, ['cluster', 'hsm-info'])).data, {
    hsms: [
      {
        vendor: 'Marvell Semiconductors, Inc.',
        model: 'NITROX-III CNN35XX-NFBE',
        'serial-number': '5.3G1941-ICM000590',
        'hardware-version-major': '5',
        'hardware-version-minor': '3',
        'firmware-version-major': '2',
        'firmware-version-minor': '6',
        'firmware-build-number': '16',
        'firmware-id': 'CNN35XX-NFBE-FW-2.06-16',
        'fips-state': '2 [FIPS mode with single factor authentication]',
      },
    ],
  })
})

test('user list needs no login and shows locks as text', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const { code, data: listed } = await runCli(data, ['user', 'list'])
  t.is(code, 0)
  const shown = { locked: 'false', mfa: [], quorum: [], 'cluster-coverage': 'full' }
  t.deepEqual(listed, {
    users: [
      { username: 'admin', role: 'admin', ...shown },
      { username: 'user1', role: 'crypto-user', ...shown },
      { username: 'app_user', role: 'internal(APPLIANCE_USER)', ...shown },
    ],
  })
})

test('a cluster is activated with a password that was typed twice', async (t) => {
  const cluster = memoryCluster('cluster-aaaaaaaaaaa', [
    { username: 'admin' as never, role: 'unactivated-admin', password: 'password' },
  ])
  const { data } = await runningOn(t, [cluster])
  const different = await runCli(data, ['cluster', 'activate'], { typed: 'password2\npassword3\n' })
  t.is(different.code, 1)
  t.is(different.data, 'The passwords do not match')
  const activated = await runCli(data, ['cluster', 'activate'], { typed: 'password2\npassword2\n' })
  t.is(activated.code, 0)
  t.is(activated.data, 'Cluster activation successful')
  t.like(cluster.accounts[0], { role: 'admin', password: 'password2' })
})

test('an admin creates, changes and deletes users', async (t) => {
  const cluster = readyMadeCluster()
  const { data } = await runningOn(t, [cluster])
  const alice = ['--username', 'Alice', '--role', 'crypto-user']
  const created = await runCli(data, ['user', 'create', ...alice, '--password', 'password7'], { as: admin })
  t.deepEqual(created.data, { username: 'alice', role: 'crypto-user' })
  const changed = await runCli(data, ['user', 'change-password', ...alice, '--password'], {
    as: admin,
    typed: 'password8\npassword8\n',
  })
  t.deepEqual(changed.data, { username: 'alice', role: 'crypto-user' })
  t.like(cluster.accounts[2], { username: 'alice', password: 'password8' })
  const deleted = await runCli(data, ['user', 'delete', ...alice], { as: admin })
  t.deepEqual(deleted.data, { username: 'alice', role: 'crypto-user' })
  t.is(cluster.accounts.length, 2)
})

test('what the HSMs refuse is an envelope with error_code 1, and exit code 1', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const create = ['user', 'create', '--username', 'bob', '--role', 'crypto-user', '--password', 'password7']
  const refused = await runCli(data, create, { as: user1 })
  t.is(refused.code, 1)
  t.is(refused.output, '{\n  "error_code": 1,\n  "data": "Nobody is logged in"\n}\n')
  const wrongPin = await runCli(data, ['key', 'list'], { as: ['crypto-user', 'user1:wrong'] })
  t.is(wrongPin.code, 1)
  t.is(wrongPin.data, 'RET_USER_LOGIN_FAILURE')
})

test('a command that needs a login says which variables it reads', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  for (const as of [undefined, ['crypto-user', 'user1'], ['nobody', 'user1:password1']] as const) {
    const { code, data: message } = await runCli(data, ['key', 'list'], as === undefined ? {} : { as })
    t.is(code, 1)
    t.regex(String(message), /CLOUDHSM_ROLE.*CLOUDHSM_PIN/)
    t.notRegex(String(message), /password1/)
  }
})

test('a product that does not run is said to, with what starts it', async (t) => {
  const data = temporaryFolder(t)
  const { code, data: message } = await runCli(data, ['user', 'list'])
  t.is(code, 1)
  t.is(message, `hsmlab is not running on ${data}. Start it with: npx hsmlab up --data ${data}`)
})

test('with several clusters the command says which', async (t) => {
  const second = readyMadeCluster('cluster-bbbbbbbbbbb')
  const { data } = await runningOn(t, [readyMadeCluster(), second])
  const ambiguous = await runCli(data, ['user', 'list'])
  t.is(ambiguous.code, 1)
  t.regex(String(ambiguous.data), /--cluster-id: cluster-aaaaaaaaaaa, cluster-bbbbbbbbbbb$/)
  const key = ['key', 'generate-symmetric', 'aes', '--label', 'k', '--key-length-bytes', '32']
  const made = await runCli(data, [...key, '--cluster-id', 'cluster-bbbbbbbbbbb'], { as: user1 })
  t.is(made.code, 0)
  t.is(second.keys.size, 1)
  const unknown = await runCli(data, ['user', 'list', '--cluster-id', 'cluster-ccccccccccc'])
  t.regex(String(unknown.data), /cluster-ccccccccccc is not configured/)
  t.is((await runCli(data, ['user', 'list', '--cluster-id', 'x'])).code, 1)
})

test('every command is an application of its own, and gone afterwards', async (t) => {
  const cluster = readyMadeCluster()
  const { data } = await runningOn(t, [cluster])
  await runCli(data, ['key', 'list'], { as: user1 })
  for (let turns = 0; cluster.open.size > 0 && turns < 1000; turns += 1) await new Promise(setImmediate)
  t.is(cluster.open.size, 0)
})
