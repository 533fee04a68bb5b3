import * as E from 'fp-ts/lib/Either.js'
import type { Hsm } from '@hsmlab/application'
import type { ClusterOptions } from '../cluster/build-cluster.ts'
import {
  auditedLengths,
  auditIsComplete,
  type Cluster,
  durableHeads,
  seatsOf,
  servingHsms,
} from '../cluster/cluster.ts'
import { drive, pass } from '../cluster/drive.ts'
import { PLACES } from '../cluster/places.ts'
import { PROGRAMS } from '../cluster/programs.ts'
import { type Ground, newWorld, type World } from '../cluster/world.ts'
import type { LogLine } from '@hsmlab/ports/memory'
import { checkFailures, checkHistory } from '../check/check-history.ts'
import type { Sample } from '../check/replay.ts'
import type { Violation } from '../check/violation.ts'
import { diceFrom } from '../random/dice.ts'
import { applyFault, mendEverything, restartHsm } from './apply-fault.ts'
import { openNew, openPrototype } from './opening.ts'
import { perform } from './perform.ts'
import { type Journal, newJournal, type WorkRecord } from './record.ts'
import type { Plan, WorkStep } from './steps.ts'

export type HistoryResult = Readonly<{
  violations: ReadonlyArray<Violation>
  /** The same for every run of the same plan. */
  traceHash: string
  journal: Journal
  /** What the processes logged, oldest first. */
  logLines: ReadonlyArray<LogLine>
  /** Events of the virtual clock. */
  steps: number
  virtualMillis: number
}>

/** After the faults have ended, every call has an answer and every HSM serves within so long. */
const LIVENESS_MILLIS = 25_000
/** A round of anti-entropy that began during a fault may wait for two answers that were lost. */
const ROUND_UNDER_WAY_MILLIS = 2_100
/** When nothing changes any more, the audit sink has all of it within so long. */
const AUDIT_MILLIS = 5000
const LAST_WRITE_MILLIS = 20
const SAMPLE_MILLIS = [150, 900] as const

const startWork = (cluster: Cluster, journal: Journal, now: () => number, step: WorkStep): void => {
  const record: WorkRecord = {
    step,
    invokedAt: now(),
    returnedAt: undefined,
    outcome: { _tag: 'pending' },
    durableHeads: undefined,
  }
  journal.records.push(record)
  const application = cluster.proxy.application(step.program)
  const run = async (): Promise<void> => {
    const result = application && (await perform({ application, step, journal, now }))
    record.returnedAt = now()
    if (result === undefined || (E.isLeft(result) && result.left === 'nothing to do')) {
      record.outcome = { _tag: 'skipped' }
    } else if (E.isLeft(result) && result.left !== 'nothing to do') {
      record.outcome = { _tag: 'failed', ckr: result.left._tag, message: result.left.message }
    } else {
      record.outcome = { _tag: 'ok' }
      record.durableHeads = durableHeads(cluster)
    }
    cluster.world.trace.addText(`${step.id} ${JSON.stringify(record.outcome)}`)
  }
  void run()
}

/** The proxy died: nobody is there any more to whom its answers could come. */
const abandon = (journal: Journal): void => {
  for (const record of journal.records) if (record.outcome._tag === 'pending') record.outcome = { _tag: 'abandoned' }
}

/** Takes the state of a running HSM now and then, to be compared with its log at the end. */
const sampleStates = (cluster: Cluster, seed: number, samples: Sample[]): (() => void) => {
  const { clock } = cluster.world
  const dice = diceFrom(`${seed}/samples`)
  let stopped = false
  const take = async (hsm: Hsm): Promise<void> => {
    const live = await hsm.canonicalState()
    // Without an answer there is nothing to compare: the log has stopped, and the HSM with it.
    if (E.isRight(live)) samples.push({ hsmId: hsm.hsmId, ...live.right })
  }
  const sample = (): void => {
    if (stopped) return
    const seats = seatsOf(cluster)
    const hsm = seats[dice.below(seats.length)]?.hsm()
    if (hsm !== undefined) void take(hsm)
    clock.after(dice.between(SAMPLE_MILLIS[0], SAMPLE_MILLIS[1]), sample)
  }
  sample()
  return () => {
    stopped = true
  }
}

const isQuiet = (cluster: Cluster, journal: Journal): boolean => {
  // An HSM whose disk failed too often stays stopped until its operator starts it.
  for (const seat of seatsOf(cluster)) restartHsm(seat)
  return (
    cluster.controller.isIdle() &&
    journal.records.every(({ outcome }) => outcome._tag !== 'pending') &&
    servingHsms(cluster) === PLACES.length &&
    cluster.proxy.loggedIn() === PROGRAMS.length
  )
}

const livenessViolation = (cluster: Cluster, journal: Journal): Violation => ({
  promise: 'liveness',
  what:
    `${LIVENESS_MILLIS} ms after the faults ended ${servingHsms(cluster)} of ${PLACES.length} HSMs serve, ` +
    `${cluster.proxy.loggedIn()} of ${PROGRAMS.length} programs are logged in, calls without an answer: ` +
    (journal.records.flatMap(({ step, outcome }) => (outcome._tag === 'pending' ? [step.id] : [])).join(', ') ||
      'none'),
})

const auditViolation = (cluster: Cluster): Violation => ({
  promise: 'P6',
  what: `the audit sink has not taken in all logs${cluster.audit.failure() === undefined ? '' : `: ${cluster.audit.failure()}`}`,
})

/** Two sync periods at most (P3); when all HSMs have held the same for one period, there is nothing to wait for. */
const letKeysConverge = async (cluster: Cluster, syncPeriodMillis: number): Promise<void> => {
  const { clock } = cluster.world
  let sameSince = Infinity
  await pass(cluster.world, 2 * syncPeriodMillis + ROUND_UNDER_WAY_MILLIS, () => {
    const digests = new Set(seatsOf(cluster).map(({ hsm }) => hsm()?.describe().digest))
    sameSince = digests.size === 1 ? Math.min(sameSince, clock.monotonicMillis()) : Infinity
    return clock.monotonicMillis() - sameSince >= syncPeriodMillis
  })
}

const runPlan = async (
  ground: Ground,
  world: World,
  plan: Plan,
  chosen: Partial<ClusterOptions>,
  journal: Journal,
): Promise<ReadonlyArray<Violation>> => {
  const { syncPeriodMillis } = plan
  const options: ClusterOptions = { ...chosen, syncPeriodMillis, waivedFor: plan.waived ? ['app-2'] : [] }
  const { cluster, steady } = plan.fromNothing
    ? await drive(world, openNew(world, options))
    : await openPrototype(ground, world, options)
  for (const [step, key] of steady) journal.keys.set(step, key)
  for (const machine of cluster.machines) machine.remember()
  const readyAt = world.clock.monotonicMillis()
  const now = (): number => world.clock.monotonicMillis() - readyAt
  const samples: Sample[] = []
  const stopSampling = sampleStates(cluster, plan.seed, samples)

  /** Faults that have not ended. */
  const standing = new Set<() => void>()
  for (const step of plan.steps) {
    world.clock.after(step.at, () => {
      if (step.kind === 'work') return startWork(cluster, journal, now, step)
      const end = applyFault(cluster, step.fault)
      if (cluster.proxy.client() === undefined) abandon(journal)
      const endOnce = (): void => {
        if (standing.delete(endOnce)) end()
      }
      standing.add(endOnce)
      if ('millis' in step.fault) world.clock.after(step.fault.millis, endOnce)
    })
  }
  await world.clock.advance(plan.faultsEndAt)
  mendEverything(cluster)
  for (const end of standing) end()
  const quiet = await pass(world, LIVENESS_MILLIS, () => isQuiet(cluster, journal))
  if (!quiet) return [livenessViolation(cluster, journal), ...checkFailures(cluster, journal)]
  await letKeysConverge(cluster, syncPeriodMillis)
  const isAudited = await pass(world, AUDIT_MILLIS, () => auditIsComplete(cluster))
  const audited = auditedLengths(cluster)
  // What the sink has taken in last is on its way to its disk.
  await world.clock.advance(LAST_WRITE_MILLIS)
  stopSampling()
  if (!isAudited) cluster.findings.push(auditViolation(cluster))
  return await drive(world, checkHistory(cluster, plan, journal, { samples, audited }))
}

/** Runs one history from beginning to end and looks for what must not be. */
export const runHistory = async (
  ground: Ground,
  plan: Plan,
  options: Partial<ClusterOptions> = {},
): Promise<HistoryResult> => {
  const world = newWorld(ground, String(plan.seed))
  const journal = newJournal()
  let violations: ReadonlyArray<Violation>
  try {
    violations = await runPlan(ground, world, plan, options, journal)
  } catch (cause) {
    violations = [{ promise: 'P7', what: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }]
  }
  return {
    violations,
    traceHash: world.trace.digest(),
    journal,
    logLines: world.logger.lines,
    steps: world.steps(),
    virtualMillis: world.clock.monotonicMillis(),
  }
}
