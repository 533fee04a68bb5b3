import { fc, testProp } from '@fast-check/ava'
import { type AuditFinding, type ChainedAuditRecord, verifyAuditChain } from '../../src/index.ts'
import { chainOf, hsmId } from './chain-of.ts'

const LENGTH = 12
const { log, heads } = chainOf(LENGTH)
const signed = heads.slice(-1)
const place = fc.nat({ max: LENGTH - 1 })

/** Is `sequence` named by one of `findings`? */
const named = (findings: ReadonlyArray<AuditFinding>, sequence: number): boolean =>
  findings.some((finding) =>
    'sequence' in finding ? finding.sequence === sequence : finding.from <= sequence && sequence <= finding.to,
  )

const changeOf = (entry: ChainedAuditRecord): fc.Arbitrary<ChainedAuditRecord> =>
  fc.oneof(
    fc
      .tuple(
        fc.constantFrom('sequence', 'rebootCounter', 'timeMicros', 'session', 'responseCode', 'keyHandle'),
        fc.nat({ max: 2 ** 40 }),
      )
      .map(([name, value]) => ({ ...entry, record: { ...entry.record, [name]: value } })),
    fc
      .tuple(fc.constantFrom('responseText', 'userName'), fc.string())
      .map(([name, value]) => ({ ...entry, record: { ...entry.record, [name]: value } })),
    fc.stringMatching(/^[0-9a-f]{64}$/).map((hash) => ({ ...entry, hash })),
    fc.stringMatching(/^[0-9a-f]{64}$/).map((previousHash) => ({ ...entry, previousHash })),
  )

const mutation = place.chain((at) => changeOf(log[at]!).map((changed) => [at, changed] as const))

testProp('any one changed member of any record is found and the record named', [mutation], (t, [at, changed]) => {
  fc.pre(JSON.stringify(changed) !== JSON.stringify(log[at]))
  const tampered = log.map((entry, index) => (index === at ? changed : entry))
  t.true(named(verifyAuditChain(hsmId, tampered, signed), at))
})

testProp('any removed run is named, all of it', [place, fc.integer({ min: 1, max: LENGTH })], (t, from, count) => {
  const to = Math.min(from + count, LENGTH) - 1
  const findings = verifyAuditChain(
    hsmId,
    log.filter((_, index) => index < from || index > to),
    signed,
  )
  t.is(findings.length, 1)
  for (let sequence = from; sequence <= to; sequence += 1) t.true(named(findings, sequence))
})

testProp('any two records that changed places are found and one of them named', [place, place], (t, a, b) => {
  fc.pre(a !== b)
  const swapped = log.map((entry, index) => (index === a ? log[b]! : index === b ? log[a]! : entry))
  const findings = verifyAuditChain(hsmId, swapped, signed)
  t.true(named(findings, a) || named(findings, b))
})

testProp('any cut is found, and named from its first record on', [place], (t, length) => {
  t.deepEqual(verifyAuditChain(hsmId, log.slice(0, length), signed), [{ _tag: 'LogCut', from: length, to: LENGTH - 1 }])
})

testProp('any repeated record is found and named', [place, fc.nat({ max: LENGTH })], (t, which, where) => {
  const repeated = [...log.slice(0, where), log[which]!, ...log.slice(where)]
  t.true(named(verifyAuditChain(hsmId, repeated, signed), which))
})
