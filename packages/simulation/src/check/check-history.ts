import * as A from 'fp-ts/lib/Array.js'
import * as E from 'fp-ts/lib/Either.js'
import type { Hsm } from '@hsmlab/application'
import { type Cluster, seatsOf } from '../cluster/cluster.ts'
import { usernameOf } from '../history/perform.ts'
import type { Journal } from '../history/record.ts'
import { losesStorage, type Plan, STEADY_AES, STEADY_PAIR } from '../history/steps.ts'
import { checkAudit } from './audit.ts'
import { checkDurability, type HsmLogFacts } from './durability.ts'
import { type Holdings, holdingsOf } from './holdings.ts'
import { checkConvergence, checkHandles, checkKeys } from './keys.ts'
import { readFacts } from './log-facts.ts'
import { checkReplay, type Sample } from './replay.ts'
import type { Violation } from './violation.ts'

/**
 * P1 of users: nobody repairs them, but what was acknowledged is kept by those who acknowledged it. It may have been one
 * HSM alone, whose storage was lost later.
 */
const checkUsers = (plan: Plan, { records }: Journal, holdings: ReadonlyArray<Holdings>): ReadonlyArray<Violation> => {
  if (losesStorage(plan)) return []
  return records.flatMap(({ step, outcome }): ReadonlyArray<Violation> => {
    if (step.operation.type !== 'create-user' || outcome._tag !== 'ok') return []
    const isDeletionTried = records.some(
      ({ step: { operation } }) => operation.type === 'delete-user' && operation.user === step.id,
    )
    if (isDeletionTried || holdings.some(({ state }) => state.users.has(usernameOf(step.id)))) return []
    return [{ promise: 'P1', what: `${usernameOf(step.id)} was created, and no HSM knows of it` }]
  })
}

/** P2: with one AZ in trouble, single-part operations with keys that all HSMs hold do not fail. */
const checkSteadyUse = ({ sufferer }: Plan, { records }: Journal): ReadonlyArray<Violation> => {
  if (sufferer === undefined) return []
  return records.flatMap(({ step, outcome }): ReadonlyArray<Violation> => {
    const { operation } = step
    const isSteady = 'key' in operation && (operation.key === STEADY_AES || operation.key === STEADY_PAIR)
    if (!isSteady || outcome._tag !== 'failed') return []
    const what = `step ${step.id} failed with ${outcome.ckr} (${outcome.message}) though only ${sufferer} suffered`
    return [{ promise: 'P2', what }]
  })
}

/** Faults of the cluster have names of their own; these would be ours. */
const UNNAMED: ReadonlyArray<string> = ['CKR_GENERAL_ERROR', 'CKR_HOST_MEMORY', 'CKR_ARGUMENTS_BAD']

/** What programs and processes noticed by themselves. */
export const checkFailures = ({ world }: Cluster, { records, wrong }: Journal): ReadonlyArray<Violation> => [
  ...wrong.map(({ step, what }): Violation => ({ promise: 'P3', what: `step ${step}: ${what}` })),
  ...records.flatMap(({ step, outcome }): ReadonlyArray<Violation> => {
    if (outcome._tag !== 'failed' || !UNNAMED.includes(outcome.ckr)) return []
    return [{ promise: 'P7', what: `step ${step.id} failed with ${outcome.ckr} (${outcome.message})` }]
  }),
  ...world.logger.lines
    .filter(({ message }) => message.includes('unexpected'))
    .map(({ message, fields }): Violation => ({ promise: 'P7', what: `${message}: ${JSON.stringify(fields)}` })),
]

type Finding = Readonly<{ holdings: Holdings; log: HsmLogFacts; live: Sample }>

/** Everything that one HSM has to show at the end. */
const findingOf = async (hsm: Hsm): Promise<E.Either<Violation, Finding>> => {
  const { hsmId } = hsm
  const state = await hsm.canonicalState()
  if (E.isLeft(state)) return E.left({ promise: 'P4', what: `the state of ${hsmId}: ${state.left.message}` })
  const live = { hsmId, ...state.right }
  const holdings = holdingsOf(live, hsm.describe().digest)
  const facts = await readFacts(hsm)
  if (E.isLeft(facts)) return E.left({ promise: 'P4', what: `the log of ${hsmId} cannot be read: ${facts.left}` })
  if (holdings === undefined) return E.left({ promise: 'P4', what: `the state of ${hsmId} cannot be read` })
  return E.right({ holdings, live, log: { hsmId, facts: facts.right } })
}

/** What was looked at on the way: states of HSMs, and at the end how much of each log was audited. */
export type Seen = Readonly<{ samples: ReadonlyArray<Sample>; audited: ReadonlyMap<string, number> }>

/** Looks for broken promises, two sync periods after the faults have ended. */
export const checkHistory = async (
  cluster: Cluster,
  plan: Plan,
  journal: Journal,
  { samples, audited }: Seen,
): Promise<ReadonlyArray<Violation>> => {
  const found = await Promise.all(
    seatsOf(cluster).flatMap(({ hsm: running }) => {
      const hsm = running()
      return hsm === undefined ? [] : [findingOf(hsm)]
    }),
  )
  const { left: unreadable, right: findings } = A.separate([...found])
  const holdings = findings.map((finding) => finding.holdings)
  const samplesOf = ({ live }: Finding) => samples.filter(({ hsmId }) => hsmId === live.hsmId)
  const sink = cluster.audit.sink()
  const logs = findings.map(({ log }) => log)
  return [
    ...cluster.findings,
    ...unreadable,
    ...checkConvergence(holdings),
    ...checkKeys(plan, journal, holdings),
    ...checkDurability(plan, journal, logs),
    ...(sink === undefined ? [] : await checkAudit(sink, logs, audited)),
    ...checkHandles(journal),
    ...checkUsers(plan, journal, holdings),
    ...checkSteadyUse(plan, journal),
    ...checkFailures(cluster, journal),
    ...findings.flatMap((finding) => checkReplay(finding.live, finding.log.facts, samplesOf(finding))),
  ]
}
