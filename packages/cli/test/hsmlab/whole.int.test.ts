import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { startHere } from '../../src/hsmlab/up.ts'
import { temporaryFolder } from '../support/instance.ts'
import { runCli } from '../support/run-cli.ts'
import { hsmlab } from '../support/run-hsmlab.ts'

type KeyPair = Readonly<{ private_key: Readonly<Record<'key-reference', string>> }>
type Life = Readonly<{ life: ReadonlyArray<Readonly<{ what: string; hsmId: string }>> }>
type Verified = Readonly<{
  same: boolean
  compared: boolean
  logs: ReadonlyArray<Readonly<{ log: string; state: string }>>
}>

test('a whole product: a key is made, a zone is lost and healed, the history is told and checked', async (t) => {
  const data = temporaryFolder(t)
  const started = await startHere({ dataDirectory: data, port: 0, empty: false, realTime: false, environment: {} })
  if (E.isLeft(started)) return t.fail(started.left.message)
  const product = started.right
  t.teardown(product.stop)

  const second = await startHere({ dataDirectory: data, port: 0, empty: false, realTime: false, environment: {} })
  t.true(E.isLeft(second) && second.left.message.includes(`held by process ${process.pid}`))

  const user1 = { as: ['crypto-user', 'user1:password1'] } as const
  const words = 'key generate-asymmetric-pair ec --curve prime256v1 --public-label pub --private-label prv'
  const made = await runCli(data, words.split(' '), user1)
  t.is(made.code, 0)
  const reference = (made.data as KeyPair).private_key['key-reference']

  t.is((await hsmlab(data, 'chaos kill-az us-east-1b')).code, 0)
  t.regex((await hsmlab(data, 'status')).output, /us-east-1b {2}hsm-\w+ .*zone killed/)
  const deleted = await runCli(data, ['key', 'delete', '--filter', `key-reference=${reference}`], user1)
  t.deepEqual(deleted.data, { message: 'Key deleted successfully' })
  t.is((await hsmlab(data, 'chaos heal')).code, 0)

  const verified = (await hsmlab(data, 'replay --verify --json')).json as Verified
  t.true(verified.same && verified.compared)
  t.is(verified.logs.length, 4)

  const { life } = (await hsmlab(data, `replay --key ${reference} --json`)).json as Life
  t.deepEqual(
    life.slice(0, 2).map(({ what }) => what),
    ['generated', 'copied out'],
  )
  t.true(life.some(({ what }) => what === 'deleted'))
  t.is(new Set(life.map(({ hsmId }) => hsmId)).size, 3)

  const before = (await hsmlab(data, 'replay')).output
  t.regex(before, /user {2}user1 {5}crypto-user/)
  await product.stop()

  t.is((await hsmlab(data, 'status')).code, 3)
  const stored = (await hsmlab(data, 'replay --verify --json')).json as Verified
  t.true(stored.same && !stored.compared)
  t.is((await hsmlab(data, 'audit verify')).code, 0)
  t.regex((await hsmlab(data, 'audit show')).output, /Opcode : CN_GENERATE_KEY_PAIR \(0x19\)/)

  const [zone = ''] = readdirSync(join(data, 'hsm'))
  const [hsm = '', other = ''] = [zone, readdirSync(join(data, 'hsm'))[1] ?? ''].map(
    (name) => readdirSync(join(data, 'hsm', name))[0],
  )
  cpSync(join(data, 'hsm', zone, hsm, 'log'), join(data, 'hsm', 'us-east-1b', other, 'log'), { recursive: true })
  const tampered = await hsmlab(data, 'replay --verify')
  t.is(tampered.code, 1)
  t.regex(tampered.output, new RegExp(`${other}  NOT REPLAYED: `))
})

test('a first place in history is before everything', async (t) => {
  const data = temporaryFolder(t)
  const started = await startHere({ dataDirectory: data, port: 0, empty: true, realTime: false, environment: {} })
  if (E.isLeft(started)) return t.fail(started.left.message)
  t.teardown(started.right.stop)
  t.is((await hsmlab(data, 'replay --at 0')).output, 'There was nothing yet.\n')
  const beyond = await hsmlab(data, 'replay --at 1000000')
  t.is(beyond.code, 1)
  t.regex(beyond.errors, /holds \d+ records, not 1000000/)
  t.regex((await hsmlab(data, 'status')).output, /No cluster\. Create one with/)
  t.is((await hsmlab(data, 'replay --key 0x1')).errors, 'hsmlab: No HSM ever held a key 0x0000000000000001.\n')
})
