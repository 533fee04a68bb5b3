import test from 'ava'
import { simulate } from '../src/simulate.ts'

test('progress is told after each history, and the sums add up', async (t) => {
  const told: number[] = []
  const report = await simulate({ seed: 21, runs: 2, onProgress: ({ done }) => void told.push(done) })
  t.deepEqual(told, [1, 2])
  t.like(report, { runs: 2, repeated: 1, failures: [], stopped: false })
  t.true(report.steps > 1000 && report.stepsPerSecond > 0 && report.historiesPerMinute > 0)
})

test('a signal stops it between two histories', async (t) => {
  const signal = { aborted: false }
  const stop = (): void => {
    signal.aborted = true
  }
  const report = await simulate({ seed: 31, runs: 50, signal, onProgress: stop })
  t.like(report, { runs: 1, stopped: true })
})

test('a failure comes with its seed and the shortest history that was found', async (t) => {
  // Everything is acknowledged, and nothing is on any disk.
  const lying = { brokenDisk: { syncLie: 1, cellSyncLie: 1 } }
  const report = await simulate({ seed: 8, runs: 10, failuresMax: 1, shrinkTrials: 3, cluster: lying })
  const [failure] = report.failures
  t.true(report.stopped)
  t.true((failure?.violations.length ?? 0) > 0)
  t.regex(failure?.history.at(-1) ?? '', /all faults end/)
})
