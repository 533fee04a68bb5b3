import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { HsmStatus } from '@hsmlab/protocol/local'
import { until } from '../support/patience.ts'
import { dataOf, type Home, makeHome, up, USER1 } from '../support/product.ts'

const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c']
const ZONE = 'us-east-1b'

type Stopped = Home & Readonly<{ hsmId: string; hsm: string; log: string; labels: ReadonlyArray<string> }>
type KeyList = Readonly<{ matched_keys: ReadonlyArray<Readonly<{ attributes: Readonly<{ label: string }> }>> }>

const makeKey = async (t: ExecutionContext, home: Home, label: string): Promise<string> => {
  const words = ['key', 'generate-symmetric', 'aes', '--label', label, '--key-length-bytes', '32']
  const made = await home.cloudhsmCli(USER1, ...words)
  t.is(made.status, 0, made.text)
  return label
}

/** A product that made a key in each of two runs and was stopped: its first records lie in a table, the last in a log. */
const stoppedProduct = async (t: ExecutionContext): Promise<Stopped> => {
  const home = await makeHome(t)
  const labels: string[] = []
  for (const label of ['first', 'second']) {
    const running = await up(t, home)
    labels.push(await makeKey(t, home, label))
    await running.stop()
  }
  const [hsmId = ''] = readdirSync(join(home.data, 'hsm', ZONE))
  const hsm = join(home.data, 'hsm', ZONE, hsmId)
  return { ...home, hsmId, hsm, log: join(hsm, 'log'), labels }
}

/** Flips one bit in the middle of the largest file whose name ends so. */
const flipBit = (folder: string, ending: string): void => {
  const [largest = ''] = readdirSync(folder)
    .filter((name) => /^\d/.test(name) && name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).size - statSync(a).size)
  const bytes = readFileSync(largest)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x10
  writeFileSync(largest, bytes)
}

const logOf = ({ data }: Home): string => readFileSync(join(data, 'hsmlab.log'), 'utf8')

const hsmsOf = async (home: Home): Promise<ReadonlyArray<HsmStatus>> => (await home.status()).clusters[0]?.hsms ?? []

/** Waits until the product's log names what is wrong with the HSM; the others have every key and make more. */
const namesAndServes = async (t: ExecutionContext, stopped: Stopped, said: RegExp): Promise<void> => {
  await until(
    async () => logOf(stopped),
    (log) => said.test(log) && log.includes(stopped.hsmId),
  )
  const list = await stopped.cloudhsmCli(USER1, 'key', 'list')
  t.deepEqual(
    dataOf<KeyList>(list).matched_keys.map(({ attributes }) => attributes.label),
    stopped.labels,
  )
  await makeKey(t, stopped, 'third')
}

/** The product starts, names what is wrong with the HSM, goes on with the others, and puts another in its place. */
const servesAndReplaces = async (t: ExecutionContext, stopped: Stopped, said: RegExp): Promise<void> => {
  await up(t, stopped)
  await namesAndServes(t, stopped, said)
  const keys = stopped.labels.length + 1
  const hsms = await until(
    () => hsmsOf(stopped),
    (shown) => shown.length === 3 && shown.every((hsm) => hsm.state === 'ACTIVE' && hsm.keys === keys),
  )
  t.is(new Set(hsms.map(({ digest }) => digest)).size, 1)
  t.false(hsms.some(({ hsmId }) => hsmId === stopped.hsmId))
  t.deepEqual(hsms.map(({ availabilityZone }) => availabilityZone as string).toSorted(), ZONES)
}

/** The product starts, shows that the HSM is degraded and why, and goes on with the others. */
const servesWithout = async (t: ExecutionContext, stopped: Stopped, said: RegExp): Promise<void> => {
  await up(t, stopped)
  const hsms = await until(
    () => hsmsOf(stopped),
    (shown) => shown.some(({ state }) => state === 'DEGRADED'),
  )
  t.deepEqual(
    hsms.filter(({ state }) => state !== 'ACTIVE').map(({ hsmId }) => hsmId as string),
    [stopped.hsmId],
  )
  t.true(hsms.every(({ hsmId, digest }) => (hsmId === stopped.hsmId) === (digest === undefined)))
  await namesAndServes(t, stopped, said)
}

test.serial(
  'a flipped bit in a table of an HSM is noticed and named, the other HSMs serve, and another takes its place',
  async (t) => {
    const stopped = await stoppedProduct(t)
    flipBit(stopped.log, '.ldb')
    await servesAndReplaces(t, stopped, /is damaged: record \d+/)
  },
)

test.serial(
  'a flipped bit in the newest log file of an HSM is noticed and named, the other HSMs serve, and another takes its place',
  async (t) => {
    const stopped = await stoppedProduct(t)
    flipBit(stopped.log, '.log')
    await servesAndReplaces(t, stopped, /is damaged|went back in time|cannot be opened/)
  },
)

test.serial('an HSM whose log is gone is named, the other HSMs serve, and another takes its place', async (t) => {
  const stopped = await stoppedProduct(t)
  rmSync(stopped.log, { recursive: true })
  await servesAndReplaces(t, stopped, /is missing|went back in time|is gone/)
})

test.serial('an HSM whose folder is gone is named, and the other HSMs serve', async (t) => {
  const stopped = await stoppedProduct(t)
  rmSync(stopped.hsm, { recursive: true })
  await servesWithout(t, stopped, /This rack has no hsm-/)
})

test.serial(
  'an HSM whose log is an older copy is named, the other HSMs serve, and another takes its place',
  async (t) => {
    const home = await makeHome(t)
    const first = await up(t, home)
    const labels = [await makeKey(t, home, 'first')]
    await first.stop()
    const [hsmId = ''] = readdirSync(join(home.data, 'hsm', ZONE))
    const hsm = join(home.data, 'hsm', ZONE, hsmId)
    cpSync(join(hsm, 'log'), home.file('older'), { recursive: true })
    const second = await up(t, home)
    labels.push(await makeKey(t, home, 'second'))
    await second.stop()
    rmSync(join(hsm, 'log'), { recursive: true })
    cpSync(home.file('older'), join(hsm, 'log'), { recursive: true })
    await servesAndReplaces(
      t,
      { ...home, hsmId, hsm, log: join(hsm, 'log'), labels },
      /went back in time: it holds \d+ records/,
    )
  },
)

test.serial(
  'an HSM that is an older copy as a whole gets its keys back from the others, and its peers notice',
  async (t) => {
    const home = await makeHome(t)
    const first = await up(t, home)
    await first.stop()
    const [hsmId = ''] = readdirSync(join(home.data, 'hsm', ZONE))
    const hsm = join(home.data, 'hsm', ZONE, hsmId)
    cpSync(hsm, home.file('older'), { recursive: true })
    const second = await up(t, home)
    for (const label of ['first', 'second', 'third']) await makeKey(t, home, label)
    await second.stop()
    rmSync(hsm, { recursive: true })
    cpSync(home.file('older'), hsm, { recursive: true })

    await up(t, home)
    const agreed = await until(
      () => hsmsOf(home),
      (hsms) =>
        new Set(hsms.map(({ digest }) => digest)).size === 1 && hsms.every(({ digest }) => digest !== undefined),
    )
    t.deepEqual(
      agreed.map(({ keys }) => keys),
      [3, 3, 3],
    )
    await until(
      async () => logOf(home),
      (log) => log.includes('an HSM shows another history than it did before') && log.includes(hsmId),
    )
  },
)

for (const [owner, folder, said] of [
  ['the controller', 'controller/log', /controller/],
  ['the audit sink', 'audit/log', /audit/],
] as const) {
  test.serial(`a damaged log of ${owner} is named, and nothing is started on it`, async (t) => {
    const stopped = await stoppedProduct(t)
    flipBit(join(stopped.data, folder), '.ldb')
    const refused = await stopped.hsmlab('up', '--port', '0')
    t.is(refused.status, 1)
    t.regex(refused.text, said)
    t.regex(refused.text, /damaged/)
    t.is(refused.text.trim().split('\n').length, 1, 'one line, no stack')
  })
}
