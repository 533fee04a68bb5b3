import test from 'ava'
import { type HsmId, keyTable, type KeyRecord, rootDigest, signed, tombstoneOf, writeStamp } from '@hsmlab/domain'
import { plainRecord, sampleLineage } from '@hsmlab/domain/arbitrary'
import { toBase64 } from '@hsmlab/event-sourcing'
import { PEER_MESSAGE_SIZE_MAX } from '../../src/index.ts'
import { handleAt, pull, putAll, records, unsignedRecords } from './peers.ts'

const { hmac } = sampleLineage
const many = unsignedRecords(16_666)
const OTHER_MAC = toBase64(new Uint8Array(32).fill(0xff))
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
  // Newer generations under all handles but one: everything differs, and one entry is wanted.
  const mine = keyTable(entries.slice(1).map((entry) => ({ ...entry, generation: 2, mac: OTHER_MAC })))
  const { messages, largest, fetched } = pull(mine, theirs, putAll)
  t.is(fetched, 1)
  t.is(messages, 2 + 3 * 2 + 2)
  t.true(largest <= PEER_MESSAGE_SIZE_MAX)
})

const withSealed = (counter: number, bytes: number): KeyRecord =>
  signed<KeyRecord>(hmac, { ...plainRecord(handleAt(counter)), sealed: toBase64(new Uint8Array(bytes)) })

test('entries that do not fit into one message come in several', (t) => {
  const mine = keyTable()
  const theirs = keyTable([1, 2, 3].map((counter) => withSealed(counter, 400_000)))
  const { fetched, largest } = pull(mine, theirs)
  t.is(fetched, 3)
  t.true(largest <= PEER_MESSAGE_SIZE_MAX)
  t.deepEqual(mine.digest(), theirs.digest())
})

test('an entry too large for any message does not keep the others back', (t) => {
  const mine = keyTable()
  const theirs = keyTable([withSealed(1, 10), withSealed(2, 700_000), withSealed(3, 10)])
  t.is(pull(mine, theirs).fetched, 2)
  t.true(mine.get(handleAt(1)) !== undefined && mine.get(handleAt(3)) !== undefined)
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
