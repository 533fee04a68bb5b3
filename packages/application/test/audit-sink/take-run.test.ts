import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import { type ClusterId, encodeHsmFact, type HsmEvent, type HsmId } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import { seededRandom } from '@hsmlab/ports/memory'
import { logHeadStatement, type LogRun } from '@hsmlab/protocol'
import { evolveAuditSink, emptyAuditSink, followedLog } from '../../src/audit-sink/state.ts'
import { takeRun } from '../../src/audit-sink/take-run.ts'
import { emptyLog, encodeRecord } from '../../src/event-store/record.ts'
import { macUnder } from '../../src/event-store/seal.ts'

const engine = nobleEngine({ random: seededRandom('take-run') })
const env = { primitives: engine }
const HSM = 'hsm-aaaaaaaaaaa' as HsmId
const CLUSTER = 'cluster-aaaaaaaaaaa' as ClusterId
const keys = engine.ed25519.generate()
const mac = macUnder(env, new Uint8Array(32))
const source = { clusterId: CLUSTER, identityKey: keys.publicKey }

/** A log of `length` logins, as an HSM would keep and sign it; `seed` makes another history. */
const logOf = (length: number, seed = 0) => {
  let head = emptyLog(env, HSM)
  const records: Uint8Array[] = []
  for (let i = 0; i < length; i++) {
    const event: HsmEvent = { type: 'ChannelOpened', session: seed * 1000 + i }
    const encoded = encodeRecord(env, mac, head, encodeHsmFact({ at: i, event }))
    records.push(encoded.record)
    head = encoded.head
  }
  const signature = engine.ed25519.sign(keys.privateKey, logHeadStatement(HSM, head.revision, head.hash))
  return { records, head: { length, hash: head.hash, signature } }
}

const runOf = (length: number, from: number, seed = 0): LogRun => {
  const { records, head } = logOf(length, seed)
  return { from, records: records.slice(from), head }
}

const takenUpTo = (length: number) => {
  const state = emptyAuditSink()
  const taken = takeRun(engine, followedLog(state, HSM), source, runOf(length, 0), true)
  for (const event of E.isRight(taken) ? taken.right : []) evolveAuditSink(state, event)
  return followedLog(state, HSM)
}

const tagOf = (result: ReturnType<typeof takeRun>): string =>
  E.isLeft(result) ? result.left._tag : `taken ${result.right.length}`

test('a run that follows is taken in', (t) => {
  t.is(takenUpTo(3).length, 3)
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, runOf(5, 3), false)), 'taken 1')
})

test('a run that overlaps brings its new records only', (t) => {
  const taken = takeRun(engine, takenUpTo(3), source, runOf(5, 1), false)
  t.like(E.isRight(taken) ? taken.right[0] : undefined, { from: 3, to: 5 })
})

test('a run that is late brings nothing, and proves nothing', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(5), source, runOf(3, 0), false)), 'taken 0')
})

test('an HSM that answers with a shorter log than it had signed went back', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(5), source, runOf(3, 3), true)), 'RunForked')
})

test('another history of the same length is a fork', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, runOf(3, 3, 1), true)), 'RunForked')
})

test('a longer history that does not follow is a fork', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, runOf(6, 3, 1), true)), 'RunForked')
})

test('a run that leaves a gap says so', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, runOf(9, 5), false)), 'RunAhead')
})

test('a run that its HSM did not sign is forged', (t) => {
  const stranger = engine.ed25519.generate()
  t.is(
    tagOf(takeRun(engine, takenUpTo(0), { ...source, identityKey: stranger.publicKey }, runOf(3, 0), true)),
    'RunForged',
  )
})

test('records that do not lead to the signed head are forged', (t) => {
  const run = runOf(4, 0)
  const other = logOf(4, 2).records
  const mixed = { ...run, records: [...run.records.slice(0, 2), ...other.slice(2)] }
  t.is(tagOf(takeRun(engine, takenUpTo(0), source, mixed, true)), 'RunForged')
})

test('a run of which one record was altered is forged, and accuses nobody', (t) => {
  for (const altered of [3, 4, 5]) {
    const run = runOf(6, 3)
    const records = run.records.map((record, i) =>
      i + 3 === altered ? record.with(record.length - 1, (record.at(-1) ?? 0) ^ 1) : record,
    )
    t.is(tagOf(takeRun(engine, takenUpTo(3), source, { ...run, records }, true)), 'RunForged')
  }
})

test('a run that stops before its head, or goes beyond, is forged', (t) => {
  const run = runOf(6, 3)
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, { ...run, records: run.records.slice(0, 2) }, true)), 'RunForged')
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, { ...run, from: 4 }, true)), 'RunForged')
})

test('base64 of the head is what the sink keeps', (t) => {
  t.is(takenUpTo(2).hash, toBase64(logOf(2).head.hash))
})
