import type { ProgramName } from '../cluster/cluster.ts'
import { type Dice, diceFrom } from '../random/dice.ts'
import { planFaults } from './plan-faults.ts'
import { ZONES } from '../cluster/places.ts'
import { type Operation, type Plan, STEADY_AES, STEADY_PAIR, type WorkStep } from './steps.ts'

const DURATION_MILLIS = [2_500, 7_000] as const
const OPERATIONS = [20, 45] as const
/** Of all histories, so many have one AZ alone suffer. */
const ONE_SUFFERER = 0.25
/** … and in so many `app-2` works without the availability check. */
const WAIVED = 0.25

const APPLICATIONS: readonly [ProgramName, ...ProgramName[]] = ['app-1', 'app-2']

type Made = { aes: number[]; pairs: number[]; users: number[] }

const oneOf = (dice: Dice, ids: ReadonlyArray<number>, otherwise: number): number =>
  ids[dice.below(ids.length)] ?? otherwise

/** How often each operation is drawn: the cheap ones more often than those that cost milliseconds. */
const TABLE: ReadonlyArray<readonly [weight: number, type: Operation['type']]> = [
  [7, 'make-aes'],
  [2, 'make-pair'],
  [1, 'make-session-key'],
  [3, 'sign'],
  [8, 'crypt'],
  [3, 'get'],
  [5, 'delete'],
  [2, 'find'],
  [2, 'create-user'],
  [1, 'change-password'],
  [1, 'delete-user'],
]
const WEIGHTS = TABLE.reduce((sum, [weight]) => sum + weight, 0)

const draw = (dice: Dice): Operation['type'] => {
  let rest = dice.between(0, WEIGHTS)
  for (const [weight, type] of TABLE) {
    rest -= weight
    if (rest < 0) return type
  }
  return 'crypt'
}

const operationOf = (dice: Dice, type: Operation['type'], { aes, pairs, users }: Made): Operation => {
  switch (type) {
    case 'sign':
      return { type, key: dice.happens(0.4) ? STEADY_PAIR : oneOf(dice, pairs, STEADY_PAIR) }
    case 'crypt':
      return { type, key: dice.happens(0.3) ? STEADY_AES : oneOf(dice, aes, STEADY_AES) }
    case 'get':
      return { type, key: oneOf(dice, [...aes, ...pairs], STEADY_AES) }
    case 'delete': {
      const key = oneOf(dice, [...aes, ...pairs], STEADY_AES)
      return key === STEADY_AES ? { type: 'make-aes' } : { type, key }
    }
    case 'change-password':
    case 'delete-user': {
      const user = oneOf(dice, users, STEADY_AES)
      return user === STEADY_AES ? { type: 'create-user' } : { type, user }
    }
    default:
      return { type }
  }
}

const isForAdmin = ({ type }: Operation): boolean =>
  type === 'create-user' || type === 'change-password' || type === 'delete-user'

const planWork = (dice: Dice, durationMillis: number): ReadonlyArray<WorkStep> => {
  const made: Made = { aes: [], pairs: [], users: [] }
  const count = Math.round(dice.between(OPERATIONS[0], OPERATIONS[1]))
  const times = Array.from({ length: count }, () => dice.between(0, durationMillis)).sort((a, b) => a - b)
  return times.map((at, id) => {
    const operation = operationOf(dice, draw(dice), made)
    if (operation.type === 'make-aes') made.aes.push(id)
    if (operation.type === 'make-pair') made.pairs.push(id)
    if (operation.type === 'create-user') made.users.push(id)
    const program = isForAdmin(operation) ? 'admin' : dice.pick(APPLICATIONS)
    return { kind: 'work', id, at: Math.round(at), program, operation }
  })
}

/** Draws a whole history from its seed: what programs do, and what goes wrong, each from numbers of its own. */
export const planHistory = (seed: number): Plan => {
  const shape = diceFrom(`${seed}/shape`)
  const durationMillis = Math.round(shape.between(DURATION_MILLIS[0], DURATION_MILLIS[1]))
  const sufferer = shape.happens(ONE_SUFFERER) ? shape.pick(ZONES) : undefined
  const work = planWork(diceFrom(`${seed}/workload`), durationMillis)
  const faults = planFaults(diceFrom(`${seed}/nemesis`), {
    durationMillis,
    sufferer,
    workAt: work.map(({ at }) => at),
    firstId: work.length,
  })
  return {
    seed,
    syncPeriodMillis: shape.pick([200, 500, 1000]),
    faultsEndAt: durationMillis,
    sufferer,
    waived: shape.happens(WAIVED),
    steps: [...work, ...faults].sort((a, b) => a.at - b.at || a.id - b.id),
  }
}
