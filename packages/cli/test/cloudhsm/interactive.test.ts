import test from 'ava'
import { readyMadeCluster, runningOn, temporaryFolder } from '../support/instance.ts'
import { runCli } from '../support/run-cli.ts'

const session = async (data: string, lines: ReadonlyArray<string>) =>
  (await runCli(data, ['interactive'], { typed: `${lines.join('\n')}\n` })).output

test('a session through a pipe prints answers only', async (t) => {
  const cluster = readyMadeCluster()
  const { data } = await runningOn(t, [cluster])
  const output = await session(data, [
    'login --username user1 --role crypto-user --password password1',
    'key generate-symmetric aes --label "my key" --key-length-bytes 16',
    '',
    'key list',
    'logout',
    'quit',
    'user list',
  ])
  const answers = output.split(/(?<=^\})\n/m).map((text) => text.trim())
  t.is(answers.length, 5)
  t.deepEqual(JSON.parse(answers[2] ?? ''), {
    error_code: 0,
    data: {
      matched_keys: [{ 'key-reference': '0x0000000000140001', attributes: { label: 'my key' } }],
      total_key_count: 1,
      returned_key_count: 1,
    },
  })
  t.deepEqual(JSON.parse(answers[3] ?? ''), { error_code: 0, data: 'Logout successful' })
  t.is(cluster.keys.size, 1)
})

test('one user at a time, and none after logout', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const login = 'login --username user1 --role crypto-user --password password1'
  const output = await session(data, [login, login, 'logout', 'key list'])
  t.deepEqual(
    [...output.matchAll(/"error_code": (\d)/g)].map(([, code]) => code),
    ['0', '1', '0', '1'],
  )
})

test('passwords come from the next lines when there is no terminal', async (t) => {
  const cluster = readyMadeCluster()
  const { data } = await runningOn(t, [cluster])
  await session(data, [
    'login --username admin --role admin',
    'password1',
    'user create --username bob --role crypto-user',
    'password9',
    'password9',
  ])
  t.like(cluster.accounts[2], { username: 'bob', password: 'password9' })
})

test('a line that makes no sense is explained, and the session goes on', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const output = await session(data, ['user lst', 'user "list', 'help logout', 'cluster hsm-info'])
  t.regex(output, /unrecognized subcommand 'lst'/)
  t.regex(output, /error: the line ends inside quotes/)
  t.regex(output, /Usage: logout \[OPTIONS\]/)
  t.regex(output, /"error_code": 0/)
})

test('a session that begins without a product says so, command by command', async (t) => {
  const output = await session(temporaryFolder(t), ['user list', 'user list'])
  t.is(output.match(/hsmlab is not running on/g)?.length, 2)
})
