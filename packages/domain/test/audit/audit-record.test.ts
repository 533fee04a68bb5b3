import { readFileSync } from 'node:fs'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { AUDIT_OPCODE, ChainedAuditRecord, verifyAuditChain } from '../../src/index.ts'
import { chainOf, hsmId } from './chain-of.ts'

const golden = readFileSync(new URL('../../../test/audit/golden/v1.jsonl', import.meta.url), 'utf8')

test('a log written by version 1 is read, and its chain holds', (t) => {
  const log = golden
    .trimEnd()
    .split('\n')
    .map((line) => ChainedAuditRecord.decode(JSON.parse(line)))
    .map((decoded) => (E.isRight(decoded) ? decoded.right : t.fail('a golden record is not read any more')))
  t.deepEqual(log, chainOf(6).log)
  t.deepEqual(verifyAuditChain(hsmId, chainOf(6).log), [])
})

test('what is no record of a known version, opcode or HSM is not read', (t) => {
  const [entry] = chainOf(1).log
  const refused = [
    { version: 2 },
    { opcode: 'CN_UNHEARD_OF' },
    { opcode: 'toString' },
    { hsmId: 'hsm-1' },
    { sequence: -1 },
    { session: 0.5 },
    { userType: 'CN_ANYBODY' },
  ]
  for (const change of refused) {
    t.true(E.isLeft(ChainedAuditRecord.decode({ ...entry, record: { ...entry?.record, ...change } })))
  }
})

test('members that no version knows are dropped', (t) => {
  const [entry] = chainOf(1).log
  const read = ChainedAuditRecord.decode({ ...entry, more: 1, record: { ...entry?.record, password: 'x' } })
  t.deepEqual(read, E.right(entry))
})

test('no two opcodes share a number', (t) => {
  const codes = Object.values(AUDIT_OPCODE).map(({ code }) => code)
  t.is(new Set(codes).size, codes.length)
})
