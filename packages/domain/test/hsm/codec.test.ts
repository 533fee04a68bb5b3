import { readFileSync } from 'node:fs'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { fc, testProp } from '@fast-check/ava'
import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import {
  auditOf,
  auditText,
  blankHsm,
  canonicalHsmState,
  decodeHsmFact,
  encodeHsmFact,
  evolveHsm,
  firstAuditCursor,
} from '../../src/index.ts'

const golden = (name: string) => readFileSync(new URL(`../../../test/hsm/golden/${name}`, import.meta.url), 'utf8')
const lines = golden('v1.jsonl').trim().split('\n')
const facts = lines.flatMap((line) => {
  const fact = decodeHsmFact(utf8Bytes(line))
  return E.isRight(fact) ? [fact.right] : []
})

test('a log that version 1 wrote folds to the state it had', (t) => {
  t.is(facts.length, lines.length)
  const state = blankHsm()
  for (const fact of facts) evolveHsm(state, fact)
  t.is(canonicalHsmState(state), golden('v1.state.txt').trim())
})

test('the golden log holds every type of event', (t) => {
  t.is(new Set(facts.map(({ event }) => event.type)).size, 27)
})

test('today writes what version 1 wrote', (t) => {
  t.deepEqual(
    facts.map((fact) => utf8Text(encodeHsmFact(fact))),
    lines,
  )
})

test('the audit log of the golden log reads as it did', (t) => {
  let cursor = firstAuditCursor
  const texts = facts.flatMap((fact) => {
    const audited = auditOf(cursor, fact)
    cursor = audited.cursor
    return audited.records.map(auditText)
  })
  t.is(texts.join('\n\n'), golden('v1.audit.txt').trim())
})

test('an event of a later version is not guessed at', (t) => {
  const later = JSON.stringify({ at: 1, data: { bootCounter: 2 }, type: 'HsmBooted', version: 2 })
  const failure = E.left({ _tag: 'UnknownVersion' as const, type: 'HsmBooted', version: 2 })
  t.deepEqual(decodeHsmFact(utf8Bytes(later)), failure)
})

test('an event that this version does not know is named', (t) => {
  const unknown = JSON.stringify({ at: 1, data: {}, type: 'HsmPainted', version: 1 })
  t.deepEqual(decodeHsmFact(utf8Bytes(unknown)), E.left({ _tag: 'UnknownType' as const, type: 'HsmPainted' }))
})

testProp('random bytes are malformed, and never more than that', [fc.uint8Array({ maxLength: 200 })], (t, bytes) => {
  t.true(E.isLeft(decodeHsmFact(bytes)))
})
