import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { type EventStore, type OpenFailure, openEventStore, payloadOf } from '@hsmlab/application'
import { type DiskFaults, type SeededDisk, seededDisk } from '../../src/disk/seeded-disk.ts'
import { numbersFrom } from './numbers.ts'
import { sha256 } from './sha256.ts'

const macKey = new Uint8Array(32).fill(3)

const openLog = (disk: SeededDisk, create: boolean): Promise<E.Either<OpenFailure, EventStore>> =>
  openEventStore({ disk, primitives: { sha256 } }, { create, macKey, identity: 'hsm-sim' })()

/** What a process that appends was told, by position. */
type Acknowledged = Map<number, string>

const letRun = async (turns: number): Promise<void> => {
  for (let i = 0; i < turns; i++) await Promise.resolve()
}

/** Appends one command of one to three records; tells whether it was acknowledged. */
const appendOne = async (
  log: EventStore,
  acknowledged: Acknowledged,
  name: string,
  count: number,
): Promise<boolean> => {
  const at = log.speculativeHead().revision
  const texts = Array.from({ length: 1 + (count % 3) }, (_, i) => `${name} ${at + i}`)
  const appended = log.append(at, texts.map(utf8Bytes))
  if (E.isLeft(appended) || E.isLeft(await appended.right.durable())) return false
  texts.forEach((text, i) => acknowledged.set(at + i, text))
  return true
}

/** Three callers that append as fast as the log takes it, and try again a few times when it does not. */
const appendInBackground = (log: EventStore, acknowledged: Acknowledged, name: string, more: () => boolean): void => {
  const keepAppending = async (caller: number): Promise<void> => {
    let refusals = 0
    for (let count = caller; more() && refusals < 3; count++) {
      if (!(await appendOne(log, acknowledged, name, count))) refusals += 1
    }
  }
  for (const caller of [0, 1, 2]) void keepAppending(caller)
}

/** Everything that the log serves must be what was acknowledged there, and all of it must be served. */
const missingFrom = async (log: EventStore, acknowledged: Acknowledged): Promise<ReadonlyArray<string>> => {
  const served = new Map<number, string>()
  const read = await log.read(0, Infinity, (position, record) => {
    served.set(position, new TextDecoder().decode(payloadOf(record)))
  })()
  if (E.isLeft(read)) return [`reading: ${read.left._tag}`]
  return [...acknowledged].filter(([position, text]) => served.get(position) !== text).map(([, text]) => text)
}

const crash = fc.record({ afterTurns: fc.nat({ max: 90 }), how: fc.constantFrom('power', 'kill', 'close') })
const manyCrashes = fc.array(crash, { minLength: 1, maxLength: 8, size: 'max' })

/** Lives of one log, each ended at another point; tells what was lost, or how an opening failed. */
const liveThrough = async (disk: SeededDisk, crashes: ReadonlyArray<{ afterTurns: number; how: string }>) => {
  const acknowledged: Acknowledged = new Map()
  for (const [life, { afterTurns, how }] of crashes.entries()) {
    const log = await openLog(disk, true)
    if (E.isLeft(log)) return { acknowledged, failure: log.left._tag, missing: [] }
    const missing = await missingFrom(log.right, acknowledged)
    if (missing.length > 0) return { acknowledged, failure: undefined, missing }
    let running = true
    appendInBackground(log.right, acknowledged, `life ${life}, record`, () => running)
    await letRun(afterTurns)
    running = false
    if (how === 'power') disk.losePower()
    else if (how === 'kill') disk.killProcess()
    else await log.right.close()()
  }
  const log = await openLog(disk, true)
  if (E.isLeft(log)) return { acknowledged, failure: log.left._tag, missing: [] }
  return { acknowledged, failure: undefined, missing: await missingFrom(log.right, acknowledged) }
}

testProp(
  'no crash, at no point, loses what was acknowledged',
  [fc.nat(), manyCrashes],
  async (t, seed, crashes) => {
    const { failure, missing } = await liveThrough(seededDisk({ random: numbersFrom(seed) }), crashes)
    t.is(failure, undefined)
    t.deepEqual(missing, [])
  },
  { numRuns: 25 },
)

testProp(
  'neither does a full disk, nor an I/O error, in the store or in the head file',
  [fc.nat(), manyCrashes],
  async (t, seed, crashes) => {
    const faults: Partial<DiskFaults> = { full: 0.05, error: 0.05, cellError: 0.05 }
    const disk = seededDisk({ random: numbersFrom(seed), faults })
    const { failure, missing } = await liveThrough(disk, crashes)
    t.true(failure === undefined || ['StoreFull', 'StoreUnavailable'].includes(failure), failure)
    t.deepEqual(missing, [])
  },
  { numRuns: 25 },
)

testProp(
  'a disk that lies about syncing, or rots, is found out: what it lost is named, never passed over',
  [fc.nat(), manyCrashes],
  async (t, seed, crashes) => {
    const disk = seededDisk({ random: numbersFrom(seed), faults: { syncLie: 0.2, rot: 0.01 } })
    const { failure, missing } = await liveThrough(disk, crashes)
    const read = missing.filter((text) => text.startsWith('reading: '))
    t.deepEqual(missing, read)
    if (failure !== undefined)
      t.true(['LogDamaged', 'LogRolledBack', 'LogMissing', 'HeadFileDamaged'].includes(failure), failure)
  },
  { numRuns: 25 },
)

test('the faults do happen, and are found out', async (t) => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const disk = seededDisk({ random: numbersFrom(seed), faults: { syncLie: 0.3 } })
    const lives = Array.from({ length: 8 }, () => ({ afterTurns: 60 + (seed % 20), how: 'power' }))
    outcomes.add((await liveThrough(disk, lives)).failure ?? 'whole')
  }
  t.true(outcomes.has('LogRolledBack'))
})

test('the same seed tells the same history', async (t) => {
  const crashes = Array.from({ length: 10 }, (_, i) => ({
    afterTurns: 10 + 7 * i,
    how: i % 2 === 0 ? 'power' : 'kill',
  }))
  const run = async () => {
    const disk = seededDisk({ random: numbersFrom(5), faults: { full: 0.02, syncLie: 0.05 } })
    const { acknowledged, failure } = await liveThrough(disk, crashes)
    return { acknowledged: [...acknowledged], failure, faults: disk.faultCounts() }
  }
  const first = await run()
  t.deepEqual(await run(), first)
  t.true(first.acknowledged.length > 20)
})
