import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { opensslEngine } from '@hsmlab/adapter-node'
import { inspectLog, openEventStore, payloadOf } from '@hsmlab/application'
import { blankHsm, decodeHsmFact, evolveHsm, type HsmEvent } from '@hsmlab/domain'
import { HASHES } from '../hashes.ts'
import { storedLogs } from '../replay/stored-logs.ts'
import type { ReplaySpeed } from './figures.ts'
import { BenchFailure } from './run-tool.ts'

const EVENTS = 100_000
const BATCH = 1000
const OWNER = { macKey: new Uint8Array(32).fill(1), identity: 'hsm-aaaaaaaaaaa' }

/** What an HSM's log holds most of, beside keys. */
const OF_SESSIONS: ReadonlySet<HsmEvent['type']> = new Set(['ChannelOpened', 'LoginSucceeded', 'LoggedOut'])
const OF_KEYS: ReadonlySet<HsmEvent['type']> = new Set(['KeyGenerated', 'KeyInserted'])

const got = <A>(what: string, answer: E.Either<Readonly<{ _tag: string }>, A>): A => {
  if (E.isRight(answer)) return answer.right
  throw new BenchFailure(`${what}: ${answer.left._tag}`)
}

/** The payloads of the HSMs' logs of the stopped product. */
const ownPayloads = async (data: string): Promise<ReadonlyArray<Uint8Array>> => {
  const logs = await storedLogs(data, HASHES)
  if (E.isLeft(logs)) throw new BenchFailure(logs.left.message)
  const payloads: Uint8Array[] = []
  for (const source of logs.right.sources) {
    if (source.log === 'controller') continue
    const read = await source.read(undefined, (_position, payload) => {
      payloads.push(payload.slice())
      return true
    })
    if (E.isLeft(read)) throw new BenchFailure(read.left.message)
  }
  return payloads
}

const typeOf = (payload: Uint8Array): HsmEvent['type'] => got('an event', decodeHsmFact(payload)).event.type

/** Round and round. */
const at = (payloads: ReadonlyArray<Uint8Array>, index: number): Uint8Array =>
  payloads[index % payloads.length] ?? new Uint8Array()

/** Writes a log of `EVENTS` events into `folder`, `payloads` again and again. */
const writeLog = async (folder: string, payloads: ReadonlyArray<Uint8Array>): Promise<void> => {
  const env = { disk: levelDisk(folder), primitives: opensslEngine() }
  const store = got('a new log', await openEventStore(env, { ...OWNER, create: true })())
  for (let begin = 0; begin < EVENTS; begin += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => at(payloads, begin + i))
    got('writing a log', await got('writing a log', store.append(begin, batch)).durable())
  }
  got('closing a log', await store.close()())
}

/** Folds a log with every integrity check. Reading, hash chain, MAC, decoding and fold are one thread's work. */
const fold = async (folder: string): Promise<number> => {
  const env = { disk: levelDisk(folder), primitives: opensslEngine() }
  const state = blankHsm()
  const record = (_position: number, bytes: Uint8Array): void => {
    evolveHsm(state, got('an event', decodeHsmFact(payloadOf(bytes))))
  }
  const begun = performance.now()
  got('replay', await inspectLog(env, { ...OWNER, replay: { fromSnapshot: () => false, record } })())
  return (EVENTS * 1000) / (performance.now() - begun)
}

/** One of `rare` to nine of `common`. */
const mix = (rare: ReadonlyArray<Uint8Array>, common: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> =>
  rare.flatMap((each, i) => [each, ...Array.from({ length: 9 }, (_, j) => at(common, 9 * i + j))])

/** The product's own events in logs of many. The second fold of each counts: the first one is compiled. */
export const replaySpeed = async (data: string, folder: string): Promise<ReplaySpeed> => {
  const own = (await ownPayloads(data)).map((payload) => ({ payload, type: typeOf(payload) }))
  const of = (types: ReadonlySet<HsmEvent['type']>): ReadonlyArray<Uint8Array> =>
    own.filter(({ type }) => types.has(type)).map(({ payload }) => payload)
  const speedOf = async (name: string, payloads: ReadonlyArray<Uint8Array>): Promise<number> => {
    const log = join(folder, name)
    await writeLog(log, payloads)
    await fold(log)
    return fold(log)
  }
  const [sessions, keys] = [of(OF_SESSIONS), of(OF_KEYS)]
  return {
    events: EVENTS,
    sessions: await speedOf('sessions', sessions),
    mixed: await speedOf('mixed', mix(keys, sessions)),
    keys: await speedOf('keys', keys),
  }
}
