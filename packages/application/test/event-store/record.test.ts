import { createHash, createHmac } from 'node:crypto'
import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import {
  emptyLog,
  encodeRecord,
  genesisHash,
  hashRecord,
  type Head,
  type LogRecord,
  macOf,
  payloadOf,
  positionOf,
  previousHashOf,
  RECORD_OVERHEAD_BYTES,
} from '../../src/event-store/record.ts'
import { macUnder } from '../../src/event-store/seal.ts'
import { verifyRecords } from '../../src/event-store/verify.ts'
import { env, left, macKey, payload, right } from './fixture.ts'

const mac = macUnder(env, macKey)
const genesis = emptyLog(env, 'hsm-one')

/** A chain of one record per text, and the head it leads to. */
const chainOf = (texts: ReadonlyArray<string>, from: Head = genesis) => {
  const records: Array<LogRecord> = []
  let head = from
  for (const text of texts) {
    const encoded = encodeRecord(env, mac, head, payload(text))
    records.push(encoded.record)
    head = encoded.head
  }
  return { records, head }
}

test('the hash of a record is SHA-256 over 01, the hash before, the position and the payload', (t) => {
  const { record, head } = encodeRecord(env, mac, { revision: 258, hash: genesis.hash }, payload('event'))
  const preimage = Buffer.concat([
    Buffer.of(1),
    genesis.hash,
    Buffer.from('0000000000000102', 'hex'),
    Buffer.from('event'),
  ])
  const hash = createHash('sha256').update(preimage).digest()
  t.deepEqual(Buffer.from(head.hash), hash)
  t.deepEqual(Buffer.from(hashRecord(env, record)), hash)
  t.deepEqual(Buffer.from(macOf(record)), createHmac('sha256', macKey).update(hash).digest())
  t.is(record.length, RECORD_OVERHEAD_BYTES + 5)
})

test('the parts of a record are what it was made of, up to positions of 53 bits', (t) => {
  const revision = Number.MAX_SAFE_INTEGER - 1
  const { record, head } = encodeRecord(env, mac, { revision, hash: genesis.hash }, payload('event'))
  t.is(positionOf(record), revision)
  t.deepEqual(payloadOf(record), payload('event'))
  t.deepEqual(previousHashOf(record), genesis.hash)
  t.is(head.revision, Number.MAX_SAFE_INTEGER)
})

test('each identity has a genesis of its own', (t) => {
  t.notDeepEqual(genesisHash(env, 'hsm-one'), genesisHash(env, 'hsm-two'))
})

test('a run of records is verified without the MAC key, from wherever it begins', (t) => {
  const { records, head } = chainOf(['a', 'b', 'c', 'd'])
  t.deepEqual(right(verifyRecords(env, genesis, records)), head)
  const middle = right(verifyRecords(env, genesis, records.slice(0, 2)))
  t.deepEqual(right(verifyRecords(env, middle, records.slice(2), mac)), head)
  t.deepEqual(right(verifyRecords(env, genesis, [])), genesis)
})

test('a changed, removed, reordered, foreign or shortened record is located', (t) => {
  const { records } = chainOf(['a', 'b', 'c', 'd'])
  const [a, b, c, d] = records as [LogRecord, LogRecord, LogRecord, LogRecord]
  const altered = Uint8Array.from(b)
  altered[RECORD_OVERHEAD_BYTES] = 0x78
  const foreign = chainOf(['a'], emptyLog(env, 'hsm-two')).records
  const flaw = (run: ReadonlyArray<LogRecord>, key = macUnder(env, macKey)) =>
    left(verifyRecords(env, genesis, run, key))
  t.deepEqual(flaw([a, altered, c, d]), { _tag: 'LogDamaged', position: 1, what: 'mac' })
  t.deepEqual(left(verifyRecords(env, genesis, [a, altered, c])), { _tag: 'LogDamaged', position: 2, what: 'chain' })
  t.deepEqual(flaw([a, c, d]), { _tag: 'LogDamaged', position: 1, what: 'chain' })
  t.deepEqual(flaw([a, b, d, c]), { _tag: 'LogDamaged', position: 2, what: 'chain' })
  t.deepEqual(flaw([a, b, b]), { _tag: 'LogDamaged', position: 2, what: 'chain' })
  t.deepEqual(flaw(foreign), { _tag: 'LogDamaged', position: 0, what: 'chain' })
  t.deepEqual(flaw([a.subarray(0, 72)]), { _tag: 'LogDamaged', position: 0, what: 'malformed' })
  t.deepEqual(flaw([a], macUnder(env, new Uint8Array(32))), { _tag: 'LogDamaged', position: 0, what: 'mac' })
})

testProp(
  'the MAC is HMAC-SHA-256, whatever the key',
  [fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ minLength: 32, maxLength: 32 })],
  (t, key, hash) => {
    t.deepEqual(Buffer.from(macUnder(env, key)(hash)), createHmac('sha256', key).update(hash).digest())
  },
)

testProp('random bytes are never a record', [fc.uint8Array({ maxLength: 200 })], (t, bytes) => {
  t.is(left(verifyRecords(env, genesis, [bytes], mac)) === 'no failure', false)
})
