import test from 'ava'
import type { Plan, Step } from '../src/history/steps.ts'
import { shrinkPlan } from '../src/shrink.ts'

const step = (id: number): Step => ({ kind: 'work', id, at: id, program: 'app-1', operation: { type: 'find' } })
const planOf = (count: number): Plan => ({
  seed: 1,
  syncPeriodMillis: 1000,
  faultsEndAt: 1000,
  sufferer: undefined,
  fromNothing: false,
  waived: false,
  steps: Array.from({ length: count }, (_, id) => step(id)),
})
const idsOf = ({ steps }: Plan): ReadonlyArray<number> => steps.map(({ id }) => id)
const contains =
  (...wanted: ReadonlyArray<number>) =>
  (plan: Plan): Promise<boolean> =>
    Promise.resolve(wanted.every((id) => idsOf(plan).includes(id)))

test('what the failure does not need is left out, wherever it stands', async (t) => {
  t.deepEqual(idsOf(await shrinkPlan(planOf(40), contains(3, 17, 39), 500)), [3, 17, 39])
})

test('a failure that needs nothing shrinks to nothing', async (t) => {
  t.deepEqual(idsOf(await shrinkPlan(planOf(10), contains(), 500)), [])
})

test('no more than so many histories are tried', async (t) => {
  let trials = 0
  const shortest = await shrinkPlan(
    planOf(64),
    (plan) => {
      trials += 1
      return contains(...Array.from({ length: 30 }, (_, i) => 2 * i))(plan)
    },
    25,
  )
  t.is(trials, 25)
  t.true(shortest.steps.length >= 30)
})
