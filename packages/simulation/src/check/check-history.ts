import type { Hsm } from '@hsmlab/application'
import type { Cluster } from '../cluster/cluster.ts'
import { PLACES } from '../cluster/places.ts'
import { usernameOf } from '../history/perform.ts'
import type { Journal } from '../history/record.ts'
import { type Plan, STEADY_AES, STEADY_PAIR } from '../history/steps.ts'
import { type Holdings, holdingsOf } from './holdings.ts'
import { checkConvergence, checkHandles, checkKeys } from './keys.ts'
import { checkReplay, type Sample } from './replay.ts'
import type { Violation } from './violation.ts'

/** P1 of users: nobody repairs them, but what was acknowledged is kept by those who acknowledged it. */
const checkUsers = ({ records }: Journal, holdings: ReadonlyArray<Holdings>): ReadonlyArray<Violation> =>
  records.flatMap(({ step, outcome }): ReadonlyArray<Violation> => {
    if (step.operation.type !== 'create-user' || outcome._tag !== 'ok') return []
    const isDeletionTried = records.some(
      ({ step: { operation } }) => operation.type === 'delete-user' && operation.user === step.id,
    )
    if (isDeletionTried || holdings.some(({ state }) => state.users.has(usernameOf(step.id)))) return []
    return [{ promise: 'P1', what: `${usernameOf(step.id)} was created, and no HSM knows of it` }]
  })

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

const checkFailures = ({ world }: Cluster, { records, wrong }: Journal): ReadonlyArray<Violation> => [
  ...wrong.map(({ step, what }): Violation => ({ promise: 'P3', what: `step ${step}: ${what}` })),
  ...records.flatMap(({ step, outcome }): ReadonlyArray<Violation> => {
    if (outcome._tag !== 'failed' || !UNNAMED.includes(outcome.ckr)) return []
    return [{ promise: 'P7', what: `step ${step.id} failed with ${outcome.ckr} (${outcome.message})` }]
  }),
  ...world.logger.lines
    .filter(({ message }) => message.includes('unexpected'))
    .map(({ message, fields }): Violation => ({ promise: 'P7', what: `${message}: ${JSON.stringify(fields)}` })),
]

const runningHsms = ({ machines }: Cluster): ReadonlyArray<Hsm> =>
  machines.flatMap(({ zone, rack }) => {
    const place = PLACES.find((each) => each.zone === zone)
    const hsm = place && rack()?.hsm(place.hsmId)
    return hsm === undefined ? [] : [hsm]
  })

/** Looks for broken promises, two sync periods after the faults have ended. */
export const checkHistory = async (
  cluster: Cluster,
  plan: Plan,
  journal: Journal,
  samples: ReadonlyArray<Sample>,
): Promise<ReadonlyArray<Violation>> => {
  const hsms = runningHsms(cluster)
  const holdings = (await Promise.all(hsms.map(holdingsOf))).filter((each) => each !== undefined)
  const replays = await Promise.all(
    hsms.map((hsm) =>
      checkReplay(
        hsm,
        samples.filter(({ hsmId }) => hsmId === hsm.hsmId),
      ),
    ),
  )
  return [
    ...checkConvergence(holdings),
    ...checkKeys(journal, holdings),
    ...checkHandles(journal),
    ...checkUsers(journal, holdings),
    ...checkSteadyUse(plan, journal),
    ...checkFailures(cluster, journal),
    ...replays.flat(),
  ]
}
