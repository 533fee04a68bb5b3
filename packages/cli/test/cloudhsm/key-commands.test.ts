import test from 'ava'
import { readyMadeCluster, runningOn } from '../support/instance.ts'
import { runCli } from '../support/run-cli.ts'

const user1 = { as: ['crypto-user', 'user1:password1'] } as const

const aes = (label: string) => ['key', 'generate-symmetric', 'aes', '--label', label, '--key-length-bytes', '32']
const pair = (...kind: ReadonlyArray<string>) => [
  'key',
  'generate-asymmetric-pair',
  ...kind,
  '--public-label',
  'pub',
  '--private-label',
  'prv',
]

test('an AES key is a token key that signs, printed in the order of CloudHSM', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const { code, output } = await runCli(data, aes('example'), user1)
  t.is(code, 0)
  t.is(
    output,
    `{
  "error_code": 0,
  "data": {
    "key": {
      "key-reference": "0x0000000000140001",
      "key-info": {
        "key-owners": [
          {
            "username": "user1",
            "key-coverage": "full"
          }
        ],
        "shared-users": [],
        "key-quorum-values": {
          "manage-key-quorum-value": 0,
          "use-key-quorum-value": 0
        },
        "cluster-coverage": "full"
      },
      "attributes": {
        "key-type": "aes",
        "label": "example",
        "id": "0x",
        "check-value": "0xd7c1a7",
        "class": "secret-key",
        "encrypt": false,
        "decrypt": false,
        "token": true,
        "always-sensitive": true,
        "derive": false,
        "destroyable": true,
        "extractable": true,
        "local": true,
        "modifiable": true,
        "never-extractable": false,
        "private": true,
        "sensitive": true,
        "sign": true,
        "trusted": false,
        "unwrap": false,
        "verify": true,
        "wrap": false,
        "wrap-with-trusted": false,
        "key-length-bytes": 32
      }
    }
  }
}
`,
  )
})

type Attributes = Readonly<{
  attributes: Readonly<Record<string, unknown>>
  'key-info': Readonly<Record<string, unknown>>
}>
type Pair = Readonly<{ public_key: Attributes; private_key: Attributes }>

test('an EC pair shows the sizes of its stored objects, its point as DER and its curve', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const made = (await runCli(data, pair('ec', '--curve', 'secp224r1'), user1)).data as Pair
  t.like(made.public_key.attributes, {
    'key-type': 'ec',
    label: 'pub',
    class: 'public-key',
    private: true,
    sensitive: false,
    verify: false,
    'key-length-bytes': 57,
    curve: 'secp224r1',
  })
  t.like(made.private_key.attributes, { class: 'private-key', sign: false, sensitive: true, 'key-length-bytes': 122 })
  t.regex(String(made.private_key.attributes['ec-point']), /^0x0441/)
  t.deepEqual(Object.keys(made.public_key.attributes).slice(-3), ['key-length-bytes', 'ec-point', 'curve'])
})

test('P-256 goes by two names and is printed by one', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  for (const curve of ['prime256v1', 'secp256r1']) {
    const made = (await runCli(data, pair('ec', '--curve', curve), user1)).data as Pair
    t.is(made.public_key.attributes['curve'], 'prime256v1')
    t.is(made.private_key.attributes['key-length-bytes'], 138)
  }
})

test('an RSA pair shows exponent, modulus and the sizes of its stored objects', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const words = pair('rsa', '--modulus-size-bits', '2048', '--public-exponent', '65537')
  const made = (await runCli(data, words, user1)).data as Pair
  t.like(made.public_key.attributes, {
    'key-type': 'rsa',
    'key-length-bytes': 512,
    'public-exponent': '0x010001',
    modulus: '0xc71c71',
    'modulus-size-bits': 2048,
  })
  t.is(made.private_key.attributes['key-length-bytes'], 1216)
  t.deepEqual(Object.keys(made.private_key.attributes).slice(-3), ['public-exponent', 'modulus', 'modulus-size-bits'])
})

test('attributes, session and shares are asked for as they are given', async (t) => {
  const cluster = readyMadeCluster()
  const { data } = await runningOn(t, [cluster])
  const attributes = ['--attributes', 'encrypt=true', 'decrypt=true', 'id=0x0A0b', 'extractable=false']
  const words = [...aes('mine'), '--session', ...attributes, '--share-crypto-users', 'alice', 'Bob']
  const { key } = (await runCli(data, words, user1)).data as Readonly<{ key: Attributes }>
  t.like(key.attributes, { token: false, encrypt: true, decrypt: true, id: '0x0a0b', extractable: false })
  t.deepEqual(key['key-info'], {
    'key-owners': [{ username: 'user1', 'key-coverage': 'session' }],
    'shared-users': [
      { username: 'alice', 'key-coverage': 'session' },
      { username: 'bob', 'key-coverage': 'session' },
    ],
    'key-quorum-values': { 'manage-key-quorum-value': 0, 'use-key-quorum-value': 0 },
    'cluster-coverage': 'session',
  })
})

test('attributes that nobody may set are refused by name', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const refusals = [
    ['trusted=true', 'Key attribute trusted cannot be set when a key is made'],
    ['local=true', 'Key attribute local cannot be set when a key is made'],
    ['constructor=true', 'Key attribute constructor cannot be set when a key is made'],
    ['encrypt=yes', 'Invalid value for key attribute encrypt'],
    ['id=12', 'Invalid value for key attribute id'],
    ['encrypt', 'A key attribute is given as NAME=VALUE, not as encrypt'],
  ] as const
  for (const [assignment, message] of refusals) {
    const { code, data: said } = await runCli(data, [...aes('k'), '--attributes', assignment], user1)
    t.is(code, 1)
    t.is(said, message)
  }
})

test('numbers out of range are refused', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  const secret = ['key', 'generate-symmetric', 'generic-secret', '--label', 'k', '--key-length-bytes']
  for (const words of [
    [...secret, '801'],
    [...secret, '0'],
    [...secret, '1e2'],
    pair('rsa', '--modulus-size-bits', '1024', '--public-exponent', '65537'),
    pair('rsa', '--modulus-size-bits', '2048', '--public-exponent', '3'),
    ['key', 'list', '--max-items', '-1'],
  ]) {
    const { code, data: said } = await runCli(data, words, user1)
    t.is(code, 1)
    t.regex(String(said), /^Invalid value for --/)
  }
})

test('key list shows references and labels, page by page', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  for (let made = 0; made < 12; made += 1) await runCli(data, aes(`key ${made}`), user1)
  const first = await runCli(data, ['key', 'list'], user1)
  t.like(first.data, { total_key_count: 12, returned_key_count: 10, next_token: '10' })
  const second = await runCli(data, ['key', 'list', '--starting-token', '10'], user1)
  t.deepEqual(second.data, {
    matched_keys: [
      { 'key-reference': '0x000000000014000b', attributes: { label: 'key 10' } },
      { 'key-reference': '0x000000000014000c', attributes: { label: 'key 11' } },
    ],
    total_key_count: 12,
    returned_key_count: 2,
  })
})

test('key list finds by reference and by attributes that all hold', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  await runCli(data, aes('a b'), user1)
  await runCli(data, pair('ec', '--curve', 'secp384r1'), user1)
  const count = async (...terms: ReadonlyArray<string>) => {
    const found = await runCli(data, ['key', 'list', '--filter', ...terms], user1)
    return (found.data as Readonly<{ total_key_count: number }>).total_key_count
  }
  t.is(await count('key-reference=0x140001'), 1)
  t.is(await count('key-reference=0x999999'), 0)
  t.is(await count('attr.label=a b'), 1)
  t.is(await count('attr.key-type=ec'), 2)
  t.is(await count('attr.key-type=ec', 'attr.class=private-key'), 1)
  t.is(await count('attr.key-type=ec attr.class=public-key'), 1)
  t.is(await count('attr.curve=secp384r1'), 2)
  t.is(await count('attr.token=false'), 0)
  const wrong = await runCli(data, ['key', 'list', '--filter', 'attr.nothing=1'], user1)
  t.is(wrong.data, 'Unknown key attribute: nothing')
})

test('verbose shows everything, but not to an admin', async (t) => {
  const { data } = await runningOn(t, [readyMadeCluster()])
  await runCli(data, aes('k'), user1)
  const verbose = ['key', 'list', '--verbose']
  const mine = (await runCli(data, verbose, user1)).data as Readonly<{ matched_keys: ReadonlyArray<Attributes> }>
  t.is(mine.matched_keys[0]?.attributes['key-type'], 'aes')
  const seen = await runCli(data, verbose, { as: ['admin', 'admin:password1'] })
  t.like(seen.data, { matched_keys: [{ 'key-reference': '0x0000000000140001', attributes: { label: 'k' } }] })
})

test('one key is deleted; several, or none, are refused', async (t) => {
  const cluster = readyMadeCluster()
  const { data } = await runningOn(t, [cluster])
  for (const label of ['a', 'b']) await runCli(data, aes(label), user1)
  const remove = (term: string) => runCli(data, ['key', 'delete', '--filter', term], user1)
  const many = await remove('attr.key-type=aes')
  t.is(many.code, 1)
  t.is(many.data, 'Key selection criteria matched 2 keys. Refine selection criteria to select a single key.')
  t.deepEqual((await remove('attr.label=a')).data, { message: 'Key deleted successfully' })
  t.is((await remove('attr.label=a')).data, 'Key selection criteria matched no key.')
  t.is(cluster.keys.size, 1)
})
