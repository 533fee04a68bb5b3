import type { Plan, Step } from './history/steps.ts'

/** Whether a history, cut short, still fails in the same way. */
export type StillFails = (plan: Plan) => Promise<boolean>

const without = (steps: ReadonlyArray<Step>, from: number, count: number): ReadonlyArray<Step> => [
  ...steps.slice(0, from),
  ...steps.slice(from + count),
]

/**
 * The shortest history found that still fails: steps are left out in runs of half their number, then a quarter, down to
 * single ones, as long as something can go (delta debugging; Zeller and Hildebrandt, 2002). At most `trialsMax` runs.
 */
export const shrinkPlan = async (plan: Plan, stillFails: StillFails, trialsMax: number): Promise<Plan> => {
  let shortest = plan
  let trials = 0
  let size = Math.ceil(plan.steps.length / 2)
  while (size >= 1) {
    let isShortened = false
    for (let from = 0; from < shortest.steps.length;) {
      if (trials >= trialsMax) return shortest
      trials += 1
      const candidate = { ...shortest, steps: without(shortest.steps, from, size) }
      if (await stillFails(candidate)) {
        shortest = candidate
        isShortened = true
      } else from += size
    }
    if (size === 1 && !isShortened) return shortest
    size = size === 1 ? 1 : Math.ceil(size / 2)
  }
  return shortest
}
