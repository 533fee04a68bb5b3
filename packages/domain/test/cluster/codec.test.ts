import { readFileSync } from 'node:fs'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { fc, testProp } from '@fast-check/ava'
import { replay, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { canonicalControlPlane, clusterDecider, decodeClusterFact, encodeClusterFact } from '../../src/index.ts'

const golden = (name: string) => readFileSync(new URL(`../../../test/cluster/golden/${name}`, import.meta.url), 'utf8')
const lines = golden('v1.jsonl').trim().split('\n')

test('a log that version 1 wrote is read as it was meant', (t) => {
  const facts = lines.map((line) => decodeClusterFact(utf8Bytes(line)))
  const read = facts.flatMap((fact) => (E.isRight(fact) ? [fact.right] : []))
  t.is(read.length, lines.length)
  t.is(canonicalControlPlane(replay(clusterDecider(), read)), golden('v1.state.txt').trim())
})

test('the golden log holds every type of event', (t) => {
  const types = new Set(lines.map((line) => String((JSON.parse(line) as { type: unknown }).type)))
  t.is(types.size, 21)
})

test('today writes what version 1 wrote', (t) => {
  for (const line of lines) {
    const fact = decodeClusterFact(utf8Bytes(line))
    t.is(E.isRight(fact) ? utf8Text(encodeClusterFact(fact.right)) : undefined, line)
  }
})

test('an event of a later version is not guessed at', (t) => {
  const later = JSON.stringify({
    at: 1,
    data: { clusterId: 'cluster-aaaaaaaaaaa' },
    type: 'ClusterCreated',
    version: 2,
  })
  t.deepEqual(
    decodeClusterFact(utf8Bytes(later)),
    E.left({ _tag: 'UnknownVersion' as const, type: 'ClusterCreated', version: 2 }),
  )
})

testProp('random bytes are malformed, and never more than that', [fc.uint8Array({ maxLength: 200 })], (t, bytes) => {
  t.true(E.isLeft(decodeClusterFact(bytes)))
})
