import { eventLoopTurn, systemClock } from '@hsmlab/adapter-node'
import type { Violation } from './check/violation.ts'
import type { ClusterOptions } from './cluster/build-cluster.ts'
import type { Ground } from './cluster/world.ts'
import { simulationEngine } from './engine/simulation-engine.ts'
import { describeHistory } from './history/describe.ts'
import { planHistory } from './history/plan.ts'
import { type HistoryResult, runHistory } from './history/run-history.ts'
import type { Plan } from './history/steps.ts'
import { shrinkPlan } from './shrink.ts'

/** Every so many histories one is run twice: the same seed must give the same history (P8). */
const REPEAT_EVERY = 16
const FAILURES_MAX = 5
const SHRINK_TRIALS_MAX = 200

export type SimulationProgress = Readonly<{ done: number; runs: number; seed: number; failures: number }>

export type SimulateOptions = Readonly<{
  /** The first seed; the next run has the next one. */
  seed: number
  runs: number
  onProgress?: (progress: SimulationProgress) => void
  /** Looked at between two histories; an AbortSignal will do. */
  signal?: Readonly<{ aborted: boolean }>
  /** How many shorter histories are tried for each failure; default 200. */
  shrinkTrials?: number
  /** After so many failures there is enough to read; default 5. */
  failuresMax?: number
  /** Breaks the cluster on purpose, for tests of the checks. */
  cluster?: Partial<ClusterOptions>
}>

export type SimulationFailure = Readonly<{
  seed: number
  /** What was noticed first, then the rest. */
  violations: ReadonlyArray<string>
  /** The shortest history found that fails like this, one line for each step. */
  history: ReadonlyArray<string>
}>

export type SimulationReport = Readonly<{
  /** Histories that were run to their end. */
  runs: number
  /** Of these, so many were run twice. */
  repeated: number
  failures: ReadonlyArray<SimulationFailure>
  /** Stopped by the signal, or by too many failures, before all runs were done. */
  stopped: boolean
  /** Events of the virtual clock, virtual and real milliseconds, over all runs but those of shrinking. */
  steps: number
  virtualMillis: number
  elapsedMillis: number
  stepsPerSecond: number
  historiesPerMinute: number
}>

const GROUND: Ground = { turn: eventLoopTurn, engine: simulationEngine }

const violationText = ({ promise, what }: Violation): string => `${promise}: ${what}`

type Run = (plan: Plan) => Promise<HistoryResult>

/** The shortest history that breaks the same promise. */
const shrunk = async (plan: Plan, { violations }: HistoryResult, run: Run, trials: number): Promise<HistoryAndPlan> => {
  const promise = violations[0]?.promise
  const breaksIt = async (candidate: Plan): Promise<boolean> =>
    (await run(candidate)).violations.some((violation) => violation.promise === promise)
  const shortest = await shrinkPlan(plan, breaksIt, trials)
  return { plan: shortest, result: await run(shortest) }
}
type HistoryAndPlan = Readonly<{ plan: Plan; result: HistoryResult }>

/**
 * Runs `runs` histories of a cluster of three, each drawn from its own seed: programs make, use and delete keys and
 * users while processes die, networks break and disks fail; afterwards the promises P1 to P4 are checked.
 */
export const simulate = async (options: SimulateOptions): Promise<SimulationReport> => {
  const {
    seed: firstSeed,
    runs,
    onProgress,
    signal,
    shrinkTrials = SHRINK_TRIALS_MAX,
    failuresMax = FAILURES_MAX,
  } = options
  const run: Run = (plan) => runHistory(GROUND, plan, options.cluster)
  const failures: SimulationFailure[] = []
  let done = 0
  let repeated = 0
  let steps = 0
  let virtualMillis = 0
  let elapsedMillis = 0

  for (let seed = firstSeed; done < runs && failures.length < failuresMax && signal?.aborted !== true; seed += 1) {
    const startedAt = systemClock.monotonicMillis()
    const plan = planHistory(seed)
    const result = await run(plan)
    const isRepeated = done % REPEAT_EVERY === 0
    const again = isRepeated ? await run(plan) : result
    elapsedMillis += systemClock.monotonicMillis() - startedAt
    done += 1
    repeated += isRepeated ? 1 : 0
    for (const each of isRepeated ? [result, again] : [result]) {
      steps += each.steps
      virtualMillis += each.virtualMillis
    }
    if (again.traceHash !== result.traceHash) {
      const what = `P8: two runs of the seed differ: ${result.traceHash}, ${again.traceHash}`
      failures.push({ seed, violations: [what], history: describeHistory(plan, result.journal.records) })
    } else if (result.violations.length > 0) {
      const { plan: shortest, result: last } = await shrunk(plan, result, run, shrinkTrials)
      failures.push({
        seed,
        violations: last.violations.map(violationText),
        history: describeHistory(shortest, last.journal.records),
      })
    }
    onProgress?.({ done, runs, seed, failures: failures.length })
  }
  const seconds = Math.max(elapsedMillis, 1) / 1000
  return {
    runs: done,
    repeated,
    failures,
    stopped: done < runs,
    steps,
    virtualMillis,
    elapsedMillis,
    stepsPerSecond: steps / seconds,
    historiesPerMinute: ((done + repeated) / seconds) * 60,
  }
}
