import test from 'ava'
import { eventLoopTurn } from '@hsmlab/adapter-node'
import { ZONES } from '../src/cluster/places.ts'
import type { ProgramName } from '../src/cluster/programs.ts'
import { simulationEngine } from '../src/engine/simulation-engine.ts'
import { runHistory } from '../src/history/run-history.ts'
import type { Fault, Operation, Plan, Step } from '../src/history/steps.ts'

const ground = { turn: eventLoopTurn, engine: simulationEngine }
const [A, B, C] = ZONES

/** What happens when, in the order of the steps' numbers. */
type Happening = readonly [at: number, who: ProgramName, operation: Operation] | readonly [at: number, fault: Fault]

const stepOf = (happening: Happening, id: number): Step =>
  happening.length === 3
    ? { kind: 'work', id, at: happening[0], program: happening[1], operation: happening[2] }
    : { kind: 'fault', id, at: happening[0], fault: happening[1] }

const planOf = (syncPeriodMillis: number, faultsEndAt: number, ...happenings: ReadonlyArray<Happening>): Plan => ({
  seed: 1,
  syncPeriodMillis,
  faultsEndAt,
  sufferer: undefined,
  fromNothing: false,
  waived: false,
  steps: happenings.map(stepOf).sort((a, b) => a.at - b.at),
})

test('no application uses a key that another one deleted, on an HSM that was away', async (t) => {
  const keys = [0, 1, 2]
  const plan = planOf(
    5000,
    5000,
    ...keys.map((_, i): Happening => [20 * i, 'app-1', { type: 'make-aes' }]),
    ...keys.map((key): Happening => [100 + 20 * key, 'app-2', { type: 'crypt', key }]),
    ...keys.map((key): Happening => [600 + 20 * key, 'app-1', { type: 'delete', key }]),
    [
      200,
      {
        type: 'cut',
        links: [
          [C, '*'],
          ['*', C],
        ],
        millis: 2900,
      },
    ],
    // Each of them is asked of another HSM first; the one that was away has not compared its keys yet.
    ...keys.map((key): Happening => [3300 + 20 * key, 'app-2', { type: 'crypt', key }]),
  )
  const { violations, journal } = await runHistory(ground, plan)
  t.deepEqual(violations, [])
  t.is(journal.records.filter(({ outcome }) => outcome._tag === 'ok').length, 9)
})

test('an HSM whose disk fails at any moment of its start does not run on a log that takes nothing more', async (t) => {
  for (const moment of [3, 5, 7, 9]) {
    const plan = planOf(
      200,
      1200,
      [50, { type: 'lose-power', zones: [A, B], proxy: false, millis: 100 }],
      [150 + moment, { type: 'disk-error', zone: B, millis: 30 }],
      [1000, 'app-1', { type: 'make-aes' }],
    )
    t.deepEqual((await runHistory(ground, plan)).violations, [], `${moment} ms after it began`)
  }
})
