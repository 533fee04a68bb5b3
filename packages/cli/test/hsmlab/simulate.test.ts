import test from 'ava'
import { temporaryFolder } from '../support/instance.ts'
import { hsmlab } from '../support/run-hsmlab.ts'

test('simulate runs as many histories as it is asked to, and says how they went', async (t) => {
  const { code, output, errors } = await hsmlab(temporaryFolder(t), 'simulate --seed 5 --runs 2')
  t.is(code, 0)
  t.is(errors, '')
  t.regex(output, /^2 histories of a cluster of three from seed 5 on: every promise was kept\.\n/)
  t.regex(output, / histories a minute; 1 were run twice and came out the same\.\n$/)
})

test('simulate tells programs in JSON', async (t) => {
  const { code, json } = await hsmlab(temporaryFolder(t), 'simulate --runs 1 --json')
  t.is(code, 0)
  t.like(json, { runs: 1, repeated: 1, failures: [], stopped: false })
})

test('a signal ends the simulation after the history that runs, and the exit code says so', async (t) => {
  const { code, output } = await hsmlab(temporaryFolder(t), 'simulate --runs 1000', {
    onStopSignal: (run) => void setTimeout(run, 50),
  })
  t.is(code, 130)
  t.regex(output, /from seed 1 on, then stopped: every promise was kept/)
})

test('simulate wants whole numbers', async (t) => {
  for (const words of ['--seed x', '--runs 0', '--runs -1', '--seed 1.5']) {
    const { code, errors } = await hsmlab(temporaryFolder(t), `simulate ${words}`)
    t.is(code, 2)
    t.regex(errors, /A whole number from/)
  }
})
