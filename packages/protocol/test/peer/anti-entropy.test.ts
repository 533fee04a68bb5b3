import test from 'ava'
import { type HsmId, keyTable, type KeyRecord, rootDigest, signed, tombstoneOf, writeStamp } from '@hsmlab/domain'
import { plainRecord, sampleLineage } from '@hsmlab/domain/arbitrary'
import { toBase64 } from '@hsmlab/event-sourcing'
import { PEER_MESSAGE_SIZE_MAX } from '../../src/index.ts'
import { handleAt, pull, putAll, records, unsignedRecords } from './peers.ts'

const { hmac } = sampleLineage
const many = unsignedRecords(16_666)
const stamp = writeStamp({ micros: 1, counter: 0, hsmId: 'hsm-aaaaaaaaaaa' as HsmId })

test('two HSMs that hold the same find out in one question', (t) => {
  const { messages, largest, fetched } = pull(keyTable(many), keyTable(many))
  t.is(messages, 2)
  t.true(largest < 10_000)
  t.is(fetched, 0)
})

test('one key of 16,666 that is missing comes in three questions', (t) => {
  const [missing] = records(1)
  const mine = keyTable(many.slice(1))
  const theirs = keyTable([...many.slice(1), ...(missing === undefined ? [] : [missing])])
  const { messages, bytes, fetched } = pull(mine, theirs)
  t.is(messages, 6)
  t.is(fetched, 1)
  t.true(bytes < 20_000)
  t.deepEqual(rootDigest(mine.digest()), rootDigest(theirs.digest()))
})

test('an empty HSM fetches everything, in messages that a bus carries', (t) => {
  const mine = keyTable()
  const theirs = keyTable(many)
  const { messages, largest, fetched } = pull(mine, theirs, putAll)
  t.is(fetched, 16_666)
  t.true(messages > 6)
  t.true(largest <= PEER_MESSAGE_SIZE_MAX)
  t.deepEqual(mine.digest(), theirs.digest())
})

test('a table too large for one listing comes in several', (t) => {
  const entries = unsignedRecords(60_000)
  const theirs = keyTable(entries)
  const mine = keyTable(entries.slice(0, 59_999))
  const { largest, fetched } = pull(mine, theirs, putAll)
  t.is(fetched, 1)
  t.true(largest <= PEER_MESSAGE_SIZE_MAX)
})

test('an entry larger than a message still comes, alone', (t) => {
  const large = (counter: number): KeyRecord =>
    signed<KeyRecord>(hmac, { ...plainRecord(handleAt(counter)), sealed: toBase64(new Uint8Array(400_000)) })
  const mine = keyTable()
  const theirs = keyTable([large(1), large(2), large(3)])
  t.is(pull(mine, theirs).fetched, 3)
  t.deepEqual(mine.digest(), theirs.digest())
})

test('a deletion comes like a key, and a round brings nothing twice', (t) => {
  const key = plainRecord(handleAt(1))
  const mine = keyTable([key])
  const theirs = keyTable([tombstoneOf(hmac, key, stamp)])
  t.is(pull(mine, theirs).fetched, 1)
  t.deepEqual(mine.digest(), theirs.digest())
  t.is(pull(mine, theirs).messages, 2)
})

test('what only this HSM has is not asked for: the peer runs its own round', (t) => {
  const key = plainRecord(handleAt(1))
  const newer = signed<KeyRecord>(hmac, { ...key, generation: 2 })
  t.is(pull(keyTable([key]), keyTable()).fetched, 0)
  t.is(pull(keyTable([newer]), keyTable([key])).fetched, 0)
})
