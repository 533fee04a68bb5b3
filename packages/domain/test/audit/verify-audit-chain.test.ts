import test from 'ava'
import { describeAuditFinding, emptyAuditHead, type HsmId, verifyAuditChain } from '../../src/index.ts'
import { chainOf, hsmId } from './chain-of.ts'

const { log, heads } = chainOf(8)
const last = heads.slice(-1)

test('a whole log has no findings, with and without a head', (t) => {
  t.deepEqual(verifyAuditChain(hsmId, log), [])
  t.deepEqual(verifyAuditChain(hsmId, log, last), [])
  t.deepEqual(verifyAuditChain(hsmId, log, heads), [])
  t.deepEqual(verifyAuditChain(hsmId, []), [])
})

test('a log that grew after the head was signed is sound', (t) => {
  t.deepEqual(verifyAuditChain(hsmId, log, heads.slice(2, 4)), [])
})

test('a changed record is the only one named', (t) => {
  const changed = log.map((entry, place) =>
    place === 3 ? { ...entry, record: { ...entry.record, userName: 'mallory' } } : entry,
  )
  t.deepEqual(verifyAuditChain(hsmId, changed, last), [{ _tag: 'RecordChanged', sequence: 3 }])
})

test('removed records are named as a range', (t) => {
  const removed = log.filter((_, place) => place !== 2 && place !== 3)
  t.deepEqual(verifyAuditChain(hsmId, removed, last), [{ _tag: 'RecordsRemoved', from: 2, to: 3 }])
  t.deepEqual(verifyAuditChain(hsmId, log.slice(1), last), [{ _tag: 'RecordsRemoved', from: 0, to: 0 }])
})

test('a log cut at its end is noticed by a head that reached further', (t) => {
  t.deepEqual(verifyAuditChain(hsmId, log.slice(0, 5), last), [{ _tag: 'LogCut', from: 5, to: 7 }])
  t.deepEqual(verifyAuditChain(hsmId, [], last), [{ _tag: 'LogCut', from: 0, to: 7 }])
})

test('two records that changed places are both named', (t) => {
  const [a, b, c, d, e, ...others] = log
  const swapped = [a, e, c, d, b, ...others].flatMap((entry) => (entry === undefined ? [] : [entry]))
  t.deepEqual(verifyAuditChain(hsmId, swapped, last), [
    { _tag: 'RecordMoved', sequence: 4 },
    { _tag: 'RecordMoved', sequence: 1 },
  ])
})

test('a record that stands twice is named', (t) => {
  t.deepEqual(verifyAuditChain(hsmId, [...log, ...log.slice(4, 5)], last), [{ _tag: 'RecordRepeated', sequence: 4 }])
})

test('a log that was chained anew is told from the signed one, between two heads', (t) => {
  const forged = chainOf(8, (record) => (record.sequence === 5 ? { ...record, userName: 'mallory' } : record))
  t.deepEqual(verifyAuditChain(hsmId, forged.log), [])
  t.deepEqual(
    verifyAuditChain(
      hsmId,
      forged.log,
      [heads[3], heads[7]].flatMap((head) => head ?? []),
    ),
    [{ _tag: 'LogRewritten', from: 4, to: 7 }],
  )
})

test('a record exchanged for one of another chain breaks the links on both sides', (t) => {
  const other = chainOf(8, (record) => ({ ...record, userName: 'mallory' }))
  const exchanged = log.map((entry, place) => (place === 3 ? (other.log[3] ?? entry) : entry))
  t.deepEqual(verifyAuditChain(hsmId, exchanged, last), [
    { _tag: 'LinkBroken', sequence: 3 },
    { _tag: 'LinkBroken', sequence: 4 },
  ])
})

test('the log of one HSM does not pass for that of another, empty or not', (t) => {
  const other = 'hsm-bbbbbbbbbbb' as HsmId
  const findings = verifyAuditChain(other, log.slice(0, 1))
  t.deepEqual(findings, [
    { _tag: 'RecordForeign', sequence: 0, hsmId },
    { _tag: 'LinkBroken', sequence: 0 },
  ])
  t.not(emptyAuditHead(other).hash, emptyAuditHead(hsmId).hash)
})

test('findings read as sentences with the numbers of the text format', (t) => {
  t.is(describeAuditFinding({ _tag: 'RecordsRemoved', from: 10, to: 12 }), 'records 0xa to 0xc removed')
  t.is(describeAuditFinding({ _tag: 'RecordChanged', sequence: 29 }), 'record 0x1d was changed')
})
