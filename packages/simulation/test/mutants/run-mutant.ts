import { eventLoopTurn } from '@hsmlab/adapter-node'
import { simulationEngine } from '../../src/engine/simulation-engine.ts'
import { planHistory } from '../../src/history/plan.ts'
import { runHistory } from '../../src/history/run-history.ts'

const ground = { turn: eventLoopTurn, engine: simulationEngine }
const [first, seedsMax] = process.argv.slice(2).map(Number)

/** Runs seeds from the first on until one fails; writes it, and what was noticed, as JSON. */
const run = async (): Promise<void> => {
  for (let seed = first ?? 1; seed < (first ?? 1) + (seedsMax ?? 1); seed += 1) {
    const { violations } = await runHistory(ground, planHistory(seed))
    if (violations.length === 0) continue
    process.stdout.write(
      JSON.stringify({
        seed,
        promises: [...new Set(violations.map(({ promise }) => promise))],
        what: violations[0]?.what,
      }),
    )
    return
  }
  process.stdout.write(JSON.stringify({ seed: undefined, promises: [] }))
}
await run()
