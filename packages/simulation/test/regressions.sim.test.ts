import test from 'ava'
import { eventLoopTurn } from '@hsmlab/adapter-node'
import { ZONES } from '../src/cluster/places.ts'
import type { ProgramName } from '../src/cluster/programs.ts'
import { simulationEngine } from '../src/engine/simulation-engine.ts'
import { planHistory } from '../src/history/plan.ts'
import { runHistory } from '../src/history/run-history.ts'
import { type Fault, type Operation, type Plan, STEADY_AES, type Step } from '../src/history/steps.ts'

const ground = { turn: eventLoopTurn, engine: simulationEngine }
const [A, B, C] = ZONES

/** What happens when, in the order of the steps' numbers. */
type Happening = readonly [at: number, who: ProgramName, operation: Operation] | readonly [at: number, fault: Fault]

const stepOf = (happening: Happening, id: number): Step =>
  happening.length === 3
    ? { kind: 'work', id, at: happening[0], program: happening[1], operation: happening[2] }
    : { kind: 'fault', id, at: happening[0], fault: happening[1] }

const planOf = (syncPeriodMillis: number, faultsEndAt: number, ...happenings: ReadonlyArray<Happening>): Plan => ({
  seed: 1, // Of what the plan does not say; one that matters is given in its place.
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

// Seed 2737.
test('what an HSM could not write before its slow disk failed is not taken for its state', async (t) => {
  const plan = planOf(
    200,
    1585,
    [18, 'app-1', { type: 'crypt', key: STEADY_AES }],
    [71, 'app-1', { type: 'make-aes' }],
    [227, 'app-1', { type: 'make-aes' }],
    [384, { type: 'disk-slow', zones: [B], factor: 300, millis: 278 }],
    [417, 'app-1', { type: 'make-aes' }],
    [883, { type: 'disk-error', zone: B, millis: 45 }],
  )
  t.deepEqual((await runHistory(ground, { ...plan, seed: 2737, waived: true })).violations, [])
})

// Seed 3830.
test('what an HSM could not write before its slow disk was full is not taken for its state', async (t) => {
  const plan = planOf(
    200,
    2081,
    [750, { type: 'disk-slow', zones: [B], factor: 300, millis: 253 }],
    [806, 'admin', { type: 'create-user' }],
    [1087, 'admin', { type: 'create-user' }],
    [1120, { type: 'disk-full', zone: B, millis: 390 }],
  )
  t.deepEqual((await runHistory(ground, { ...plan, seed: 3830 })).violations, [])
})

// Seed 3713.
test('the log of an HSM that was switched off goes back in time only when it had grown', async (t) => {
  const plan = planOf(
    200,
    3616,
    [51, { type: 'crash-hsm', zone: C, millis: 2322 }],
    [619, { type: 'lose-storage', zone: C, how: 'rolled-back', millis: 46 }],
  )
  t.deepEqual((await runHistory(ground, plan)).violations, [])
})

// Seed 4717.
test('what the audit sink takes in while it is looked at need not be on its disk yet', async (t) => {
  const plan = planOf(
    200,
    3410,
    [216, 'app-2', { type: 'make-aes' }],
    [453, { type: 'lose-power', zones: [A, B], proxy: false, millis: 2913 }],
    [1463, 'app-2', { type: 'make-pair' }],
    [3193, 'admin', { type: 'create-user' }],
    [3372, { type: 'lose-power', zones: [A], proxy: false, millis: 35 }],
  )
  t.deepEqual((await runHistory(ground, { ...plan, seed: 4717, fromNothing: true })).violations, [])
})

// What an HSM that was away said of its keys was asked before the deletion, and came after it.
test('no application uses a key that was deleted while it looked for its holders: the history of seed 50451', async (t) => {
  t.deepEqual((await runHistory(ground, planHistory(50451))).violations, [])
})
