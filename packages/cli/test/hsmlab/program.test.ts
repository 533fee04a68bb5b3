import test from 'ava'
import type { ProductStatus } from '@hsmlab/protocol/local'
import { controlledBy } from '../support/control-server.ts'
import { temporaryFolder } from '../support/instance.ts'
import { hsmlab } from '../support/run-hsmlab.ts'

const hsm = (letter: string, zone: string) => ({
  hsmId: `hsm-${letter.repeat(11)}`,
  availabilityZone: `us-east-1${zone}`,
  eniIp: `10.0.${zone.charCodeAt(0) - 96}.10`,
  state: 'ACTIVE',
  chaos: 'none',
})

const status = {
  version: '0.1.0',
  pid: 17,
  dataDirectory: '/data',
  startedAtMicros: Date.now() * 1000,
  controllerPosition: 23,
  keysInOneZone: 0,
  clusters: [
    {
      clusterId: 'cluster-aaaaaaaaaaa',
      state: 'ACTIVE',
      hsmType: 'hsm2m.medium',
      mode: 'FIPS',
      availabilityZones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
      hsms: [
        { ...hsm('a', 'a'), position: 22, keys: 2, lag: 0, digest: 'ab'.repeat(32) },
        { ...hsm('b', 'b'), chaos: 'az-killed' },
      ],
    },
  ],
} as unknown as ProductStatus

test('status draws clusters, zones and HSMs in aligned columns', async (t) => {
  const { data } = await controlledBy(t, status)
  const { code, output, errors } = await hsmlab(data, 'status')
  t.is(code, 0)
  t.is(errors, '')
  t.is(
    output.replace(/up \d+ s/, 'up 0 s'),
    `hsmlab 0.1.0  pid 17  up 0 s  data /data

cluster-aaaaaaaaaaa  ACTIVE  hsm2m.medium  FIPS
  ZONE        HSM              ADDRESS    STATE        RECORDS  KEYS  LAG  DIGEST
  us-east-1a  hsm-aaaaaaaaaaa  10.0.1.10  ACTIVE       22       2     0    abababababab
  us-east-1b  hsm-bbbbbbbbbbb  10.0.2.10  zone killed  -        -     -    -
  us-east-1c  -                -          no HSM       -        -     -    -
  The HSMs that answer hold the same keys; 1 does not answer.
`,
  )
})

test('status says when HSMs differ, and how many keys would go with a zone', async (t) => {
  const [cluster] = status.clusters
  const [first, second] = cluster?.hsms ?? []
  const differing = [first, { ...second, position: 20, keys: 1, lag: 3, digest: 'cd'.repeat(32) }]
  const { data } = await controlledBy(t, {
    ...status,
    keysInOneZone: 4,
    clusters: [{ ...cluster, hsms: differing }],
  } as ProductStatus)
  const { output } = await hsmlab(data, 'status')
  t.regex(output, /The HSMs do not hold the same keys yet\./)
  t.regex(output, /would go with it: 4/)
})

test('colours are for terminals, and for those who do not forbid them', async (t) => {
  const { data } = await controlledBy(t, status)
  t.true((await hsmlab(data, 'status', { isTTY: true })).output.includes('\u001b[32mACTIVE\u001b[0m'))
  t.false((await hsmlab(data, 'status', { isTTY: true, environment: { NO_COLOR: '1' } })).output.includes('\u001b'))
  t.false((await hsmlab(data, 'status')).output.includes('\u001b'))
})

test('with --json every answer is JSON', async (t) => {
  const { data } = await controlledBy(t, status)
  t.deepEqual((await hsmlab(data, 'status --json')).json, status)
  t.deepEqual((await hsmlab(data, 'env --json')).json, { A: 'plain', B: "it's $here" })
  t.deepEqual((await hsmlab(data, 'chaos list --json')).json, {
    killedZones: ['us-east-1a'],
    killedHsms: ['hsm-bbbbbbbbbbb'],
  })
  t.deepEqual((await hsmlab(data, 'chaos kill-az us-east-1f --json')).json, {
    error: { code: 'ZoneUnknown', message: 'There is no such zone.' },
  })
})

test('env prints exports that a shell reads back as they were', async (t) => {
  const { data } = await controlledBy(t, status)
  t.is((await hsmlab(data, 'env')).output, `export A=plain\nexport B='it'\\''s $here'\n`)
})

test('chaos names what it reached, and what is no zone and no HSM', async (t) => {
  const { data, shown } = await controlledBy(t, status)
  const killed = await hsmlab(data, 'chaos kill-az us-east-1a')
  t.is(killed.output, 'Zone us-east-1a is gone: hsm-aaaaaaaaaaa. Give it back with: hsmlab chaos heal us-east-1a\n')
  await hsmlab(data, 'chaos kill-hsm hsm-aaaaaaaaaaa')
  await hsmlab(data, 'chaos heal us-east-1a')
  await hsmlab(data, 'chaos heal hsm-aaaaaaaaaaa')
  t.is((await hsmlab(data, 'chaos heal')).output, 'Back: no HSM.\n')
  t.deepEqual(shown.asked, [
    { availabilityZone: 'us-east-1a' },
    { hsmId: 'hsm-aaaaaaaaaaa' },
    { availabilityZone: 'us-east-1a' },
    { hsmId: 'hsm-aaaaaaaaaaa' },
    {},
  ])
  for (const line of ['chaos kill-az a', 'chaos kill-hsm a', 'chaos heal a']) {
    const { code, errors } = await hsmlab(data, line)
    t.is(code, 1)
    t.regex(errors, /^hsmlab: a is not an /)
  }
  const refused = await hsmlab(data, 'chaos kill-az us-east-1f')
  t.like(refused, { code: 1, output: '', errors: 'hsmlab: There is no such zone.\n' })
})

test('without a product every command says how to start one, with a code of its own', async (t) => {
  const data = temporaryFolder(t)
  const message = `hsmlab is not running on ${data}. Start it with: npx hsmlab up --data ${data}`
  for (const line of ['status', 'env', 'down', 'chaos list', 'chaos heal', 'audit tail']) {
    t.like(await hsmlab(data, line), { code: 3, output: '', errors: `hsmlab: ${message}\n` }, line)
  }
  t.deepEqual((await hsmlab(data, 'status --json')).json, { error: { code: 'NotRunning', message } })
})

test('a folder without a history cannot be replayed or audited', async (t) => {
  const data = temporaryFolder(t)
  for (const line of ['replay', 'replay --verify', 'replay --key 1', 'audit show', 'audit verify']) {
    const { code, errors } = await hsmlab(data, line)
    t.is(code, 1)
    t.is(errors, `hsmlab: There is no history in ${data}. Begin one with: npx hsmlab up\n`)
  }
})

test('--data names another folder than the environment', async (t) => {
  const { data } = await controlledBy(t, status)
  const elsewhere = temporaryFolder(t)
  t.is((await hsmlab(elsewhere, `status --data ${data}`)).code, 0)
  t.is((await hsmlab(data, `status --data ${elsewhere}`)).code, 3)
})

test('wrong words end with code 2, and say what was probably meant', async (t) => {
  const data = temporaryFolder(t)
  const wrong = [
    ['statsu', /unknown command 'statsu'\n\(Did you mean status\?\)/],
    ['status --jsn', /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    ['chaos kil-az us-east-1a', /Did you mean kill-az\?/],
    ['chaos kill-az', /missing required argument 'ZONE'/],
    ['up --port x', /A whole number from 0 to 65535/],
    ['up --time-scale fast', /Allowed choices are real/],
    ['audit show --hsm x', /An HSM id/],
    ['replay --verify --at 1', /cannot be used with/],
  ] as const
  for (const [line, said] of wrong) {
    const { code, output, errors } = await hsmlab(data, line)
    t.is(code, 2, line)
    t.is(output, '')
    t.regex(errors, said)
  }
})

test('every command has help, and the whole says its exit codes', async (t) => {
  const data = temporaryFolder(t)
  const whole = await hsmlab(data, '--help')
  t.is(whole.code, 0)
  t.regex(whole.output, /Exit codes: 0 done/)
  for (const line of [
    'up',
    'down',
    'status',
    'env',
    'replay',
    'chaos kill-az',
    'chaos heal',
    'audit tail',
    'audit verify',
  ]) {
    const { code, output } = await hsmlab(data, `${line} --help`)
    t.is(code, 0)
    t.regex(output, /--json/)
    t.regex(output, /--data <DIR>/)
  }
  t.like(await hsmlab(data, '--version'), { code: 0, output: '0.1.0\n' })
})
