import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { type ClusterId, keyTable } from '@hsmlab/domain'
import { answer, onReply, startRound } from '../../src/index.ts'
import { asker, endpoint, hmacUnder, link, nextNonce, outsider, records, right } from './peers.ts'

const theirs = keyTable(records(40))
const ask = (from = link) => startRound(from, keyTable(records(20)), nextNonce())
const reasonOf = (reply: ReturnType<typeof answer>) => (E.isLeft(reply) ? reply.left._tag : 'answered')
const reasonIn = (step: ReturnType<typeof onReply>) => (step.kind === 'dropped' ? step.why._tag : step.kind)

test('a question of another cluster, sender or receiver gets no answer', (t) => {
  const { request } = ask()
  t.is(
    reasonOf(answer({ ...endpoint, clusterId: 'cluster-bbbbbbbbbbb' as ClusterId }, theirs, request)),
    'OtherCluster',
  )
  t.is(reasonOf(answer({ ...endpoint, hsmId: outsider }, theirs, request)), 'OtherReceiver')
  t.is(reasonOf(answer({ ...endpoint, isPeer: () => false }, theirs, request)), 'UnknownSender')
})

test('a question of someone without the masking key gets no answer', (t) => {
  const { request } = ask({ ...link, hmac: hmacUnder(new Uint8Array(32).fill(8)) })
  t.is(reasonOf(answer(endpoint, theirs, request)), 'MacInvalid')
})

test('an answer is no question, and a question no answer', (t) => {
  const { round, request } = ask()
  const reply = right(answer(endpoint, theirs, request))
  t.is(reasonOf(answer({ ...endpoint, hsmId: asker, isPeer: () => true }, theirs, reply)), 'Malformed')
  t.is(
    reasonIn(onReply({ ...link, hsmId: endpoint.hsmId, peer: asker }, round, theirs, request, nextNonce())),
    'NotAwaited',
  )
})

test('the answer to an earlier question is not awaited', (t) => {
  const before = ask()
  const late = right(answer(endpoint, theirs, before.request))
  const { round } = ask()
  t.is(reasonIn(onReply(link, round, keyTable(), late, nextNonce())), 'NotAwaited')
})

test('the answer of another peer is not taken', (t) => {
  const { round, request } = ask()
  const reply = right(answer(endpoint, theirs, request))
  t.is(reasonIn(onReply({ ...link, peer: outsider }, round, keyTable(), reply, nextNonce())), 'UnknownSender')
})

test('a repeated question gets the same answer: nothing is kept in between', (t) => {
  const { request } = ask()
  t.deepEqual(answer(endpoint, theirs, request), answer(endpoint, theirs, request))
})

testProp(
  'any changed byte of a question is noticed',
  [fc.nat(), fc.integer({ min: 1, max: 255 })],
  (t, place, change) => {
    const { request } = ask()
    const changed = Uint8Array.from(request)
    const at = place % changed.length
    changed[at] = (changed[at] ?? 0) ^ change
    t.true(E.isLeft(answer(endpoint, theirs, changed)))
  },
)

testProp(
  'any changed byte of an answer is noticed',
  [fc.nat(), fc.integer({ min: 1, max: 255 })],
  (t, place, change) => {
    const { round, request } = ask()
    const changed = Uint8Array.from(right(answer(endpoint, theirs, request)))
    const at = place % changed.length
    changed[at] = (changed[at] ?? 0) ^ change
    t.is(onReply(link, round, keyTable(), changed, nextNonce()).kind, 'dropped')
  },
)

testProp('random bytes are dropped', [fc.uint8Array({ maxLength: 400 })], (t, bytes) => {
  t.true(E.isLeft(answer(endpoint, theirs, bytes)))
  t.is(onReply(link, ask().round, keyTable(), bytes, nextNonce()).kind, 'dropped')
})

test('a message above the size limit is dropped unread', (t) => {
  t.is(reasonOf(answer(endpoint, theirs, new Uint8Array(900_001))), 'Malformed')
})
