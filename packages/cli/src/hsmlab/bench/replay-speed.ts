import * as E from 'fp-ts/lib/Either.js'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { opensslEngine } from '@hsmlab/adapter-node'
import { inspectLog, openEventStore, payloadOf } from '@hsmlab/application'
import { blankHsm, decodeHsmFact, evolveHsm } from '@hsmlab/domain'
import { HASHES } from '../hashes.ts'
import { storedLogs } from '../replay/stored-logs.ts'
import { BenchFailure } from './run-tool.ts'

const EVENTS = 100_000
const BATCH = 1000
const IDENTITY = 'hsm-aaaaaaaaaaa'

const got = <A>(what: string, answer: E.Either<Readonly<{ _tag: string }>, A>): A => {
  if (E.isRight(answer)) return answer.right
  throw new BenchFailure(`${what}: ${answer.left._tag}`)
}

/** The payloads of the longest log of an HSM of the stopped product. */
const longestLog = async (data: string): Promise<ReadonlyArray<Uint8Array>> => {
  const logs = await storedLogs(data, HASHES)
  if (E.isLeft(logs)) throw new BenchFailure(logs.left.message)
  let longest: ReadonlyArray<Uint8Array> = []
  for (const source of logs.right.sources) {
    if (source.log === 'controller') continue
    const payloads: Uint8Array[] = []
    const read = await source.read(undefined, (_position, payload) => {
      payloads.push(payload.slice())
      return true
    })
    if (E.isLeft(read)) throw new BenchFailure(read.left.message)
    if (payloads.length > longest.length) longest = payloads
  }
  return longest
}

/**
 * Writes a log of `EVENTS` events into `folder`, the product's own ones again and again, and folds it with every
 * integrity check. On one core: reading, hash chain, MAC, decoding and fold are one thread's work.
 */
export const replaySpeed = async (
  data: string,
  folder: string,
): Promise<Readonly<{ events: number; perSecond: number }>> => {
  const own = await longestLog(data)
  const env = { disk: levelDisk(folder), primitives: opensslEngine() }
  const options = { macKey: new Uint8Array(32).fill(1), identity: IDENTITY }
  const store = got('a new log', await openEventStore(env, { ...options, create: true })())
  for (let at = 0; at < EVENTS; at += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, index) => own[(at + index) % own.length] ?? new Uint8Array())
    got('writing a log', await got('writing a log', store.append(at, batch)).durable())
  }
  got('closing a log', await store.close()())

  const state = blankHsm()
  const begun = performance.now()
  const record = (_position: number, bytes: Uint8Array): void => {
    evolveHsm(state, got('an event', decodeHsmFact(payloadOf(bytes))))
  }
  got('replay', await inspectLog(env, { ...options, replay: { fromSnapshot: () => false, record } })())
  return { events: EVENTS, perSecond: (EVENTS * 1000) / (performance.now() - begun) }
}
