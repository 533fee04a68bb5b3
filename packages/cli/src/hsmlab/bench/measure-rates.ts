import { type Rate, median, type TargetRate } from './figures.ts'
import { type Load, type LoadGenerator, type Mode, NAMES, type Operation, type Target } from './load.ts'

export type Targets = Readonly<{ embedded: Target; softHsm: Target | undefined; overNats: Target | undefined }>

export type Rounds = Readonly<{ rounds: number; millis: number; rows: ReadonlyArray<Row> }>

type Row = readonly [Operation, Mode, number]

export const ALL_ROWS: ReadonlyArray<Row> = [
  ['info', 'threads', 1],
  ['ecdsa', 'threads', 1],
  ['ecdsa', 'threads', 4],
  ['ecdsa', 'threads', 8],
  ['ecdsa', 'processes', 8],
  ['rsa', 'threads', 1],
  ['rsa', 'threads', 4],
  ['rsa', 'threads', 8],
]
export const QUICK_ROWS: ReadonlyArray<Row> = [
  ['info', 'threads', 1],
  ['ecdsa', 'threads', 1],
  ['ecdsa', 'threads', 8],
  ['rsa', 'threads', 1],
]

/** A just-in-time compiler is given this long before anything is measured. */
const WARM_UP_MILLIS = 2000

const middle = (loads: ReadonlyArray<Load>): TargetRate => ({
  perSecond: median(loads.map(({ perSecond }) => perSecond)),
  p50Micros: median(loads.map(({ p50Micros }) => p50Micros)),
  p99Micros: median(loads.map(({ p99Micros }) => p99Micros)),
})

const ratios = (own: ReadonlyArray<Load>, other: ReadonlyArray<Load>): ReadonlyArray<number> =>
  own.map(({ perSecond }, round) => perSecond / (other[round]?.perSecond ?? Number.NaN))

const measureRow = async (
  load: LoadGenerator,
  { embedded, softHsm, overNats }: Targets,
  { rounds, millis }: Rounds,
  [operation, mode, workers]: Row,
): Promise<Rate> => {
  const own: Load[] = []
  const soft: Load[] = []
  const nats: Load[] = []
  const run = (target: Target): Promise<Load> => load.run(target, operation, mode, workers, millis)
  for (let round = 0; round < rounds; round += 1) {
    // In turn: each has the whole machine, and all of them the same minute of it.
    own.push(await run(embedded))
    if (softHsm !== undefined) soft.push(await run(softHsm))
    if (overNats !== undefined) nats.push(await run(overNats))
  }
  return {
    operation,
    mode,
    workers,
    embedded: middle(own),
    ...(softHsm === undefined ? {} : { softHsm: { ...middle(soft), ratio: median(ratios(own, soft)) } }),
    ...(overNats === undefined ? {} : { overNats: middle(nats) }),
  }
}

/** Makes the keys on every target, then measures row by row. */
export const measureRates = async (
  load: LoadGenerator,
  targets: Targets,
  rounds: Rounds,
  say: (text: string) => void,
): Promise<ReadonlyArray<Rate>> => {
  for (const target of [targets.embedded, targets.softHsm, targets.overNats]) {
    if (target === undefined) continue
    await load.makeKeys(target)
    await load.run(target, 'ecdsa', 'threads', 1, WARM_UP_MILLIS)
  }
  const rates: Rate[] = []
  for (const row of rounds.rows) {
    const [operation, mode, workers] = row
    say(`${NAMES[operation]}, ${workers} ${workers === 1 ? mode.replace(/e?s$/, '') : mode} …\n`)
    rates.push(await measureRow(load, targets, rounds, row))
  }
  return rates
}
