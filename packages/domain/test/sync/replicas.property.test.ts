import { fc, testProp } from '@fast-check/ava'
import { canonicalJson } from '@hsmlab/event-sourcing'
import { isTombstone } from '../../src/index.ts'
import { action, runHistory } from './replicas.ts'

const actions = fc.array(action, { maxLength: 40, size: 'max' })

testProp('HSMs that exchanged everything hold the same bytes', [actions], (t, happened) => {
  const { replicas, refusals } = runHistory(happened)
  t.is(new Set(replicas.map(({ entry }) => canonicalJson(entry))).size, 1)
  t.is(refusals, 0)
})

testProp('a deleted key comes back only as a new generation', [actions], (t, happened) => {
  const before = runHistory(happened, false).replicas
  const deleted = Math.max(0, ...before.flatMap(({ entry }) => (isTombstone(entry) ? [entry.generation] : [])))
  const after = runHistory(happened).replicas
  t.true(after.every(({ entry }) => isTombstone(entry) || entry.generation > deleted))
})

testProp('superseded are only changes that did not know of the one that stands', [actions], (t, happened) => {
  const { past, superseded } = runHistory(happened)
  for (const { stamp, by } of superseded) {
    t.false(past.get(by)?.has(stamp) ?? false)
    t.false(past.get(stamp)?.has(by) ?? false)
  }
  t.pass()
})

testProp(
  'two labels that were set on both sides of a cut: one stands, the other is named once',
  [fc.nat(3), fc.nat(3)],
  (t, here, there) => {
    const { superseded, replicas } = runHistory([
      { on: 0, wall: here, does: { _tag: 'label', text: 'x' } },
      { on: 1, wall: there, does: { _tag: 'label', text: 'y' } },
      { on: 2, wall: 0, does: { _tag: 'pull', from: 0 } },
      { on: 2, wall: 0, does: { _tag: 'pull', from: 1 } },
      { on: 1, wall: 0, does: { _tag: 'pull', from: 2 } },
      { on: 0, wall: 0, does: { _tag: 'pull', from: 2 } },
    ])
    t.is(superseded.length, 1)
    t.is(new Set(replicas.map(({ entry }) => entry.mac)).size, 1)
  },
)
