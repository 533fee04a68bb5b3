import test from 'ava'
import { eventLoopTurn } from '@hsmlab/adapter-node'
import { pureEngine, simulationEngine } from '../src/engine/simulation-engine.ts'
import { planHistory } from '../src/history/plan.ts'
import { runHistory } from '../src/history/run-history.ts'

const ground = { turn: eventLoopTurn, engine: simulationEngine }

/** Drawn once by lot; long runs are for `hsmlab simulate`. */
const SEEDS = [1, 2, 3, 4]

for (const seed of SEEDS) {
  test(`a cluster keeps its promises through the history of seed ${seed}`, async (t) => {
    const { violations, journal } = await runHistory(ground, planHistory(seed))
    t.deepEqual(violations, [])
    t.true(journal.records.some(({ outcome }) => outcome._tag === 'ok'))
  })
}

test('the same seed gives the same history, whichever engine computes it', async (t) => {
  const { steps, ...rest } = planHistory(11)
  const plan = { ...rest, faultsEndAt: 700, steps: steps.filter(({ at }) => at < 700) }
  const { traceHash } = await runHistory(ground, plan)
  t.is((await runHistory(ground, plan)).traceHash, traceHash)
  t.is((await runHistory({ ...ground, engine: pureEngine }, plan)).traceHash, traceHash)
  t.not((await runHistory(ground, { ...plan, seed: 12 })).traceHash, traceHash)
})
