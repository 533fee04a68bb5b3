import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { complete } from '../../src/cloudhsm/parse/complete.ts'
import { parseWords } from '../../src/cloudhsm/parse/parse-words.ts'
import { splitLine } from '../../src/cloudhsm/parse/split-line.ts'
import { CLI_COMMANDS } from '../../src/cloudhsm/table.ts'

const given = (line: string): unknown => {
  const parsed = parseWords('', line.split(' '))
  return parsed._tag === 'run' ? { command: parsed.command.path.join(' '), ...parsed.given } : parsed.text
}

const refusal = (line: string, program = 'cloudhsm-cli'): string => {
  const parsed = parseWords(program, line === '' ? [] : line.split(' '))
  return parsed._tag === 'refused' ? parsed.text : `(${parsed._tag})`
}

test('options are read in any order, with = or a space', (t) => {
  const expected = { command: 'user create', username: 'a', role: 'admin', password: 'p' }
  t.like(given('user create --username a --role admin --password p'), expected)
  t.like(given('user create --role=admin --password=p --username=a'), expected)
})

test('an optional value may be left out, many values end at the next option', (t) => {
  t.like(given('cluster activate --password'), { password: true })
  t.like(given('key list --filter attr.label=a attr.class=secret-key --verbose'), {
    filter: ['attr.label=a', 'attr.class=secret-key'],
    verbose: true,
  })
})

test('what is missing is named, all of it', (t) => {
  t.is(
    refusal('user create --password x'),
    `error: the following required arguments were not provided:
  --username <USERNAME>
  --role <ROLE>

Usage: cloudhsm-cli user create [OPTIONS] --username <USERNAME> --role <ROLE>

For more information, try '--help'.
`,
  )
})

test('a value outside the choices is refused with the choices', (t) => {
  t.true(
    refusal('login --username a --role Admin').startsWith(
      `error: invalid value 'Admin' for '--role <ROLE>'\n  [possible values: crypto-user, admin]\n`,
    ),
  )
})

test('unknown words and options are named, with what was probably meant', (t) => {
  t.true(
    refusal('usr list').startsWith(
      `error: unrecognized subcommand 'usr'\n\n  tip: a similar subcommand exists: 'user'\n\nUsage: cloudhsm-cli <COMMAND>`,
    ),
  )
  t.regex(refusal('user lst'), /tip: a similar subcommand exists: 'list'\n\nUsage: cloudhsm-cli user <COMMAND>/)
  t.true(refusal('user list --filtr x').startsWith(`error: unexpected argument '--filtr' found`))
  t.regex(refusal('login --usernam a --role admin'), /tip: a similar argument exists: '--username'/)
  t.true(refusal('user list more').startsWith(`error: unexpected argument 'more' found`))
  t.true(refusal('--nothing').startsWith(`error: unexpected argument '--nothing' found`))
  t.true(
    refusal('login --username').startsWith(
      `error: a value is required for '--username <USERNAME>' but none was supplied`,
    ),
  )
})

test('words that name no command yet show those below', (t) => {
  t.regex(refusal(''), /^Manage the users and keys[^]*Commands:[^]*interactive[^]*key[^]*user/)
  t.regex(refusal('key'), /Usage: cloudhsm-cli key <COMMAND>/)
})

test('every command and group has help, in front or behind, at the prompt and outside', (t) => {
  for (const { path, summary } of CLI_COMMANDS) {
    for (const words of [
      [...path, '--help'],
      [...path, '-h'],
      ['help', ...path],
    ]) {
      const parsed = parseWords('', words)
      t.is(parsed._tag, 'help')
      t.true(parsed._tag === 'help' && parsed.text.startsWith(`${summary}\n\nUsage: ${path.join(' ')}`))
    }
  }
  t.is(parseWords('', ['help'])._tag, 'help')
  t.deepEqual(parseWords('', ['key', 'help', 'list']), parseWords('', ['key', 'list', '-h']))
})

test('the help of a command', (t) => {
  const parsed = parseWords('cloudhsm-cli', ['user', 'create', '--help'])
  t.is(
    parsed._tag === 'help' ? parsed.text : '',
    `Create a user on all HSMs of the cluster

Usage: cloudhsm-cli user create [OPTIONS] --username <USERNAME> --role <ROLE>

Options:
      --cluster-id <CLUSTER_ID>  Which of the configured clusters is meant; needed when there are several
      --username <USERNAME>      Name of the user
      --role <ROLE>              Role of the user [possible values: crypto-user, admin]
      --password [<PASSWORD>]    Password of the user; asked for when left out
  -h, --help                     Print help
`,
  )
})

test('a typed line is cut into words as a shell would', (t) => {
  t.deepEqual(
    splitLine(`  key list --filter attr.label="my key" 'a\\b' c\\ d ""`),
    E.right(['key', 'list', '--filter', 'attr.label=my key', 'a\\b', 'c d', '']),
  )
  t.deepEqual(splitLine('   '), E.right([]))
  t.true(E.isLeft(splitLine('a "b')))
  t.true(E.isLeft(splitLine('a\\')))
})

test('completion offers commands, then options, then values', (t) => {
  t.deepEqual(complete(''), [['cluster ', 'help ', 'key ', 'login ', 'logout ', 'quit ', 'user '], ''])
  t.deepEqual(complete('us'), [['user '], 'us'])
  t.deepEqual(complete('user c'), [['change-password ', 'create '], 'c'])
  t.deepEqual(complete('help user d'), [['delete '], 'd'])
  t.deepEqual(complete('user create --r'), [['--role '], '--r'])
  t.deepEqual(complete('user create --role '), [['crypto-user ', 'admin '], ''])
  t.deepEqual(complete('user create --role admin --ro'), [[], '--ro'])
  t.deepEqual(complete('key generate-asymmetric-pair ec --curve secp2'), [
    ['secp256r1 ', 'secp224r1 ', 'secp256k1 '],
    'secp2',
  ])
  t.deepEqual(complete('key list --filter attr.l'), [['attr.label='], 'attr.l'])
  t.deepEqual(complete('key list --filter attr.label=a attr.c'), [['attr.class='], 'attr.c'])
  t.deepEqual(complete('nothing '), [[], ''])
})
