import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { readyMadeCluster, runningOn } from '../support/instance.ts'

const BIN = new URL('../../../bin/cloudhsm-cli.mjs', import.meta.url).pathname
const SCRIPT = spawnSync('script', ['--version']).status === 0

/** A session of the real program behind a pseudo terminal (util-linux's script). */
const onTerminal = (t: ExecutionContext, data: string, words: ReadonlyArray<string>) => {
  const command = [process.execPath, BIN, ...words].join(' ')
  const child: ChildProcess = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...process.env, HSMLAB_DATA: data, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let screen = ''
  let seen = 0
  let look = (): void => {}
  child.stdout?.on('data', (chunk: Buffer) => {
    screen += chunk.toString('utf8')
    look()
  })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  return {
    type: (text: string) => child.stdin?.write(text),
    /** Resolves when `text` appears after what was seen before. */
    sees: (text: string) =>
      new Promise<void>((resolve) => {
        look = () => {
          const at = screen.indexOf(text, seen)
          if (at < 0) return
          seen = at + text.length
          look = () => {}
          resolve()
        }
        look()
      }),
    screen: () => screen,
    ended,
  }
}

/** A test on a pseudo terminal; where there is none, it says so, and in CI it fails. */
const terminalTest = (title: string, run: (t: ExecutionContext) => Promise<void>): void =>
  test(title, async (t) => {
    if (SCRIPT) return run(t)
    t.log('left out: no script(1) of util-linux here, so no pseudo terminal')
    t.falsy(process.env['CI'])
  })

terminalTest('a person logs in with a password that is not shown, and quits', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const person = onTerminal(t, data, ['interactive'])
  await person.sees('aws-cloudhsm > ')
  person.type('login --username user1 --role crypto-user\r')
  await person.sees('Enter password: ')
  person.type('password1\r')
  await person.sees('"error_code": 0')
  await person.sees('aws-cloudhsm > ')
  person.type('quit\r')
  t.is(await person.ended, 0)
  t.notRegex(person.screen(), /password1/)
})

terminalTest('a wrong confirmation creates nobody', async (t) => {
  const cluster = readyMadeCluster()
  const { data } = await runningOn(t, [cluster])
  const person = onTerminal(t, data, ['interactive'])
  await person.sees('aws-cloudhsm > ')
  person.type('login --username admin --role admin --password password1\r')
  await person.sees('"error_code": 0')
  await person.sees('aws-cloudhsm > ')
  person.type('user create --username bob --role crypto-user\r')
  await person.sees('Enter password: ')
  person.type('password2\r')
  await person.sees('Confirm password: ')
  person.type('password3\r')
  await person.sees('The passwords do not match')
  await person.sees('aws-cloudhsm > ')
  person.type('\x04')
  t.is(await person.ended, 0)
  t.is(cluster.accounts.length, 2)
})

terminalTest('the tabulator completes, the arrow brings the last line back, passwords are not kept', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const person = onTerminal(t, data, ['interactive'])
  await person.sees('aws-cloudhsm > ')
  person.type('clus')
  await person.sees('clus')
  person.type('\t')
  await person.sees('ter ')
  person.type('hsm')
  await person.sees('hsm')
  person.type('\t')
  await person.sees('-info ')
  person.type('\r')
  await person.sees('"vendor"')
  await person.sees('aws-cloudhsm > ')
  person.type('login --username user1 --role crypto-user --password password1\r')
  await person.sees('"error_code": 0')
  await person.sees('aws-cloudhsm > ')
  person.type('\x1b[A\r')
  await person.sees('"vendor"')
  await person.sees('aws-cloudhsm > ')
  person.type('\x04')
  t.is(await person.ended, 0)
  const history = join(data, 'cloudhsm-cli.history')
  t.is(statSync(history).mode & 0o777, 0o600)
  t.is(readFileSync(history, 'utf8'), 'cluster hsm-info \n')
})

terminalTest('Ctrl-C drops a half-typed line and a question, not the session', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const person = onTerminal(t, data, ['interactive'])
  await person.sees('aws-cloudhsm > ')
  person.type('user delete')
  await person.sees('user delete')
  person.type('\x03')
  await person.sees('aws-cloudhsm > ')
  person.type('login --username user1 --role crypto-user\r')
  await person.sees('Enter password: ')
  person.type('passw\x03')
  await person.sees('No password was given')
  await person.sees('aws-cloudhsm > ')
  person.type('cluster hsm-info\r')
  await person.sees('"vendor"')
  await person.sees('aws-cloudhsm > ')
  person.type('\x04')
  t.is(await person.ended, 0)
  t.notRegex(person.screen(), /passw\b/)
})

terminalTest('a single command asks for its password unseen', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const person = onTerminal(t, data, ['login', '--username', 'user1', '--role', 'crypto-user'])
  await person.sees('Enter password: ')
  person.type('password1\r')
  await person.sees('"error_code": 0')
  t.is(await person.ended, 0)
  t.notRegex(person.screen(), /password1/)
})

test('wrong words end with code 2 on standard error, failures with code 1 on standard output', async (t) => {
  const { data, stop } = await runningOn(t, [readyMadeCluster()])
  await stop()
  const run = (words: ReadonlyArray<string>) =>
    spawnSync(process.execPath, [BIN, ...words], { env: { ...process.env, HSMLAB_DATA: data }, encoding: 'utf8' })
  t.like(run(['usr']), { status: 2, stdout: '' })
  t.like(run(['--version']), { status: 0, stdout: 'cloudhsm-cli 0.1.0\n', stderr: '' })
  const absent = run(['user', 'list'])
  t.is(absent.status, 1)
  t.is(absent.stderr, '')
  t.regex(absent.stdout, /"error_code": 1/)
})
