import type { ProgramName } from '../cluster/programs.ts'
import { type Dice, diceFrom } from '../random/dice.ts'
import { planFaults } from './plan-faults.ts'
import { ZONES } from '../cluster/places.ts'
import { type Operation, type Plan, STEADY_AES, STEADY_PAIR, type WorkStep } from './steps.ts'

const DURATION_MILLIS = [1_500, 5_000] as const
const OPERATIONS = [15, 35] as const
/** Of all histories, so many have one AZ alone suffer. */
const ONE_SUFFERER = 0.25
/** … so many begin with the building of the cluster … */
const FROM_NOTHING = 0.1
/** … and in so many `app-2` works without the availability check. */
const WAIVED = 0.25

/** Of keys that are made or deleted, so many are tried at once by both applications; also when the faults have ended. */
const ECHOED = 0.6
const ECHO_AFTER_END_MILLIS = 500

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

type Draft = Omit<WorkStep, 'id'> & Readonly<{ id: number }>

const otherApplication = (program: ProgramName): ProgramName => (program === 'app-1' ? 'app-2' : 'app-1')

/** What both applications try with a key, right after it was made and after it was deleted. */
const echoes = (
  dice: Dice,
  { at, program, operation, id }: Draft,
  isPair: boolean,
): ReadonlyArray<Omit<Draft, 'id'>> => {
  const use = (key: number): Operation => ({ type: isPair ? 'get' : 'crypt', key })
  const later = (least: number, most: number): number => Math.round(at + dice.between(least, most))
  if (operation.type === 'make-aes' && dice.happens(ECHOED)) {
    return [{ kind: 'work', at: later(20, 200), program: otherApplication(program), operation: use(id) }]
  }
  if (operation.type !== 'delete' || !dice.happens(ECHOED)) return []
  return [program, otherApplication(program)].map((who) => ({
    kind: 'work',
    at: later(5, 2000),
    program: who,
    operation: use(operation.key),
  }))
}

const planWork = (dice: Dice, durationMillis: number): ReadonlyArray<WorkStep> => {
  const made: Made = { aes: [], pairs: [], users: [] }
  const count = Math.round(dice.between(OPERATIONS[0], OPERATIONS[1]))
  const times = Array.from({ length: count }, () => dice.between(0, durationMillis)).sort((a, b) => a - b)
  const drawn = times.map((at, id): Draft => {
    const operation = operationOf(dice, draw(dice), made)
    if (operation.type === 'make-aes') made.aes.push(id)
    if (operation.type === 'make-pair') made.pairs.push(id)
    if (operation.type === 'create-user') made.users.push(id)
    const program = isForAdmin(operation) ? 'admin' : dice.pick(APPLICATIONS)
    return { kind: 'work', id, at: Math.round(at), program, operation }
  })
  const isPair = ({ operation }: Draft): boolean => 'key' in operation && made.pairs.includes(operation.key)
  const echoed = drawn.flatMap((draft) => echoes(dice, draft, isPair(draft)))
  const inTime = echoed.filter(({ at }) => at < durationMillis + ECHO_AFTER_END_MILLIS)
  return [...drawn, ...inTime.map((echo, i) => ({ ...echo, id: drawn.length + i }))]
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
    fromNothing: shape.happens(FROM_NOTHING),
    waived: shape.happens(WAIVED),
    steps: [...work, ...faults].sort((a, b) => a.at - b.at || a.id - b.id),
  }
}
