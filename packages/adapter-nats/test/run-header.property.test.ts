import { fc, testProp } from '@fast-check/ava'
import { headers } from 'nats'
import { readRun, runHeader } from '../src/feed/run-header.ts'

testProp('a run is read as it was written', [fc.maxSafeNat(), fc.maxSafeNat()], (t, a, b) => {
  const run = { from: Math.min(a, b), to: Math.max(a, b) }
  t.deepEqual(readRun(runHeader(run)), run)
})

testProp(
  'any other text is no run, and never throws',
  [fc.oneof(fc.string(), fc.stringMatching(/^[-0-9]{0,40}$/))],
  (t, text) => {
    const garbage = headers()
    try {
      garbage.set('Hsmlab-Run', text)
    } catch {
      // The client itself refuses line breaks.
    }
    const run = readRun(garbage)
    t.true(run === undefined || `${run.from}-${run.to}` === text.trim())
  },
)
