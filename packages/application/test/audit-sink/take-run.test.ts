import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import { type ClusterId, encodeHsmFact, type HsmEvent, type HsmId } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import { seededRandom } from '@hsmlab/ports/memory'
import { logAnswerStatement, logHeadStatement, type LogRun } from '@hsmlab/protocol'
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

const NONCE = new Uint8Array(16).fill(9)

/** A log of `length` logins, as an HSM would keep and sign it; `seed` makes another history. */
const logOf = (length: number, seed = 0, nonce?: Uint8Array) => {
  let head = emptyLog(env, HSM)
  const records: Uint8Array[] = []
  for (let i = 0; i < length; i++) {
    const event: HsmEvent = { type: 'ChannelOpened', session: seed * 1000 + i }
    const encoded = encodeRecord(env, mac, head, encodeHsmFact({ at: i, event }))
    records.push(encoded.record)
    head = encoded.head
  }
  const { revision, hash } = head
  const statement =
    nonce === undefined ? logHeadStatement(HSM, revision, hash) : logAnswerStatement(HSM, nonce, revision, hash)
  const signature = engine.ed25519.sign(keys.privateKey, statement)
  return { records, head: { length, hash: head.hash, signature } }
}

const runOf = (length: number, from: number, seed = 0, nonce?: Uint8Array): LogRun => {
  const { records, head } = logOf(length, seed, nonce)
  return { from, records: records.slice(from), head }
}

/** What the HSM says when it is asked with `NONCE`. */
const answerOf = (length: number, from: number, seed = 0): LogRun => runOf(length, from, seed, NONCE)

const takenUpTo = (length: number) => {
  const state = emptyAuditSink()
  const taken = takeRun(engine, followedLog(state, HSM), source, answerOf(length, 0), NONCE)
  for (const event of E.isRight(taken) ? taken.right : []) evolveAuditSink(state, event)
  return followedLog(state, HSM)
}

const tagOf = (result: ReturnType<typeof takeRun>): string =>
  E.isLeft(result) ? result.left._tag : `taken ${result.right.length}`

test('a run that follows is taken in', (t) => {
  t.is(takenUpTo(3).length, 3)
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, runOf(5, 3))), 'taken 1')
})

test('a run that overlaps brings its new records only', (t) => {
  const taken = takeRun(engine, takenUpTo(3), source, runOf(5, 1))
  t.like(E.isRight(taken) ? taken.right[0] : undefined, { from: 3, to: 5 })
})

test('a run that is late brings nothing, and proves nothing', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(5), source, runOf(3, 0))), 'taken 0')
})

test('an HSM that answers with a shorter log than it had signed went back', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(5), source, answerOf(3, 3), NONCE)), 'RunForked')
})

test('what an HSM said before is no answer: whoever says it again accuses nobody', (t) => {
  const other = new Uint8Array(16).fill(8)
  for (const older of [runOf(3, 3), runOf(3, 3, 0, other), runOf(5, 5)]) {
    t.is(tagOf(takeRun(engine, takenUpTo(5), source, older, NONCE)), 'RunForged')
  }
  t.is(tagOf(takeRun(engine, takenUpTo(5), source, answerOf(6, 5))), 'RunForged', 'nor is an answer a publication')
})

test('another history of the same length is a fork', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, answerOf(3, 3, 1), NONCE)), 'RunForked')
})

test('a longer history that does not follow is a fork', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, answerOf(6, 3, 1), NONCE)), 'RunForked')
})

test('a run that leaves a gap says so', (t) => {
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, runOf(9, 5))), 'RunAhead')
})

test('a run that its HSM did not sign is forged', (t) => {
  const stranger = engine.ed25519.generate()
  t.is(
    tagOf(takeRun(engine, takenUpTo(0), { ...source, identityKey: stranger.publicKey }, answerOf(3, 0), NONCE)),
    'RunForged',
  )
})

test('records that do not lead to the signed head are forged', (t) => {
  const run = answerOf(4, 0)
  const other = logOf(4, 2).records
  const mixed = { ...run, records: [...run.records.slice(0, 2), ...other.slice(2)] }
  t.is(tagOf(takeRun(engine, takenUpTo(0), source, mixed, NONCE)), 'RunForged')
})

test('a run of which one record was altered is forged, and accuses nobody', (t) => {
  for (const altered of [3, 4, 5]) {
    const run = answerOf(6, 3)
    const records = run.records.map((record, i) =>
      i + 3 === altered ? record.with(record.length - 1, (record.at(-1) ?? 0) ^ 1) : record,
    )
    t.is(tagOf(takeRun(engine, takenUpTo(3), source, { ...run, records }, NONCE)), 'RunForged')
  }
})

test('a run that stops before its head, or goes beyond, is forged', (t) => {
  const run = answerOf(6, 3)
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, { ...run, records: run.records.slice(0, 2) }, NONCE)), 'RunForged')
  t.is(tagOf(takeRun(engine, takenUpTo(3), source, { ...run, from: 4 }, NONCE)), 'RunForged')
})

test('base64 of the head is what the sink keeps', (t) => {
  t.is(takenUpTo(2).hash, toBase64(logOf(2).head.hash))
})
