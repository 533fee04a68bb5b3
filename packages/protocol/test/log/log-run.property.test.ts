import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import {
  decodeLogRequest,
  decodeLogRun,
  encodeLogRequest,
  encodeLogRun,
  logAnswerStatement,
  logHeadStatement,
  RUN_RECORDS_MAX,
} from '../../src/index.ts'

const sized = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const run = fc.record({
  from: fc.maxSafeNat(),
  records: fc.array(fc.uint8Array({ maxLength: 20 })),
  head: fc.record({ length: fc.maxSafeNat(), hash: sized(32), signature: sized(64) }),
})

testProp('a run of records survives', [run], (t, records) => {
  t.deepEqual(decodeLogRun(encodeLogRun(records)), records)
})

testProp('a run that was cut or has more behind it is none', [run, fc.nat()], (t, records, cut) => {
  const encoded = encodeLogRun(records)
  t.is(decodeLogRun(encoded.subarray(0, cut % encoded.length)), undefined)
  t.is(decodeLogRun(Uint8Array.of(...encoded, 0)), undefined)
})

test('more records than a run may have make none', (t) => {
  const head = { length: 1, hash: new Uint8Array(32), signature: new Uint8Array(64) }
  const records = Array.from({ length: RUN_RECORDS_MAX + 1 }, () => new Uint8Array(0))
  t.is(decodeLogRun(encodeLogRun({ from: 0, records, head })), undefined)
  t.is(decodeLogRun(encodeLogRun({ from: 0, records: records.slice(1), head }))?.records.length, RUN_RECORDS_MAX)
})

testProp(
  'a question survives, and is none when it was cut or has more behind it',
  [fc.maxSafeNat(), sized(16)],
  (t, from, nonce) => {
    const encoded = encodeLogRequest({ from, nonce })
    t.deepEqual(decodeLogRequest(encoded), { from, nonce })
    t.is(decodeLogRequest(encoded.subarray(1)), undefined)
    t.is(decodeLogRequest(Uint8Array.of(...encoded, 0)), undefined)
  },
)

testProp('random bytes never throw', [fc.uint8Array({ maxLength: 300 })], (t, bytes) => {
  t.notThrows(() => [decodeLogRun(bytes), decodeLogRequest(bytes)])
})

test('what an HSM signs names its purpose, itself, the length and the hash', (t) => {
  const statement = logHeadStatement('hsm-aaaaaaaaaaa', 258, new Uint8Array(32).fill(7))
  t.is(Buffer.from(statement.subarray(0, 34)).toString(), 'hsmlab log head 1\nhsm-aaaaaaaaaaa\n')
  t.deepEqual([...statement.subarray(34)], [0, 0, 0, 0, 0, 0, 1, 2, ...Array.from({ length: 32 }, () => 7)])
})

test('what an HSM signs when it is asked names the question, and is never what it signs unasked', (t) => {
  const nonce = new Uint8Array(16).fill(9)
  const statement = logAnswerStatement('hsm-aaaaaaaaaaa', nonce, 258, new Uint8Array(32).fill(7))
  t.is(Buffer.from(statement.subarray(0, 36)).toString(), 'hsmlab log answer 1\nhsm-aaaaaaaaaaa\n')
  t.deepEqual([...statement.subarray(36, 52)], [...nonce])
  t.deepEqual([...statement.subarray(52)], [0, 0, 0, 0, 0, 0, 1, 2, ...Array.from({ length: 32 }, () => 7)])
})
