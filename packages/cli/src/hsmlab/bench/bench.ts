import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { textTable } from '../../shared/table.ts'
import { type Outcome, told } from '../outcome.ts'
import { p11KitModule } from '../p11-kit-module.ts'
import { type LoadGenerator, loadGenerator, type Operation, type Target } from './load.ts'
import { replaySpeed } from './replay-speed.ts'
import { BenchFailure } from './run-tool.ts'
import { type Product, startProduct, startSoftHsm } from './targets.ts'

export type BenchOptions = Readonly<{
  /** How long each figure is measured. */
  seconds: number
  /** Given: the product is measured over these NATS servers too. */
  nats: ReadonlyArray<string>
  natsMonitors: ReadonlyArray<string>
}>

/** Calls per second of each target; 50th and 99th percentile of the embedded product in microseconds. */
type Rate = Readonly<{
  operation: Operation
  threads: number
  embedded: number
  p50Micros: number
  p99Micros: number
  overNats?: number
  softHsm?: number
}>

type Figures = Readonly<{
  cores: number
  processor: string
  secondsEach: number
  rates: ReadonlyArray<Rate>
  /** From the start of the process until it says that it is ready. */
  readyMillis: Readonly<{ first: number; again: number }>
  /** The longest call while the zone of one of three HSMs dies, and how many calls failed. */
  zoneLoss: Readonly<{ pauseMillis: number; failed: number }>
  replay: Readonly<{ events: number; perSecond: number }>
  memoryPerThousandKeysBytes: number
}>

const OPERATIONS: ReadonlyArray<readonly [Operation, number]> = [
  ['info', 1],
  ['ecdsa', 1],
  ['ecdsa', 4],
  ['ecdsa', 8],
  ['rsa', 1],
  ['rsa', 4],
  ['rsa', 8],
]
const NAMES = { info: 'empty call', ecdsa: 'ECDSA P-256', rsa: 'RSA-2048' } as const
const KEYS_FILLED = 2000
const ZONE = 'us-east-1a'
const ZONE_LOSS_MILLIS = 4000
const SETTLE_MILLIS = 1000

type Say = (text: string) => void
type Closers = Array<() => Promise<unknown>>
type Targets = Readonly<{ embedded: Product; overNats: Product | undefined; softHsm: Target | undefined }>

const measureRates = async (
  load: LoadGenerator,
  { embedded, overNats, softHsm }: Targets,
  millis: number,
  say: Say,
): Promise<ReadonlyArray<Rate>> => {
  const rates: Rate[] = []
  const perSecond = async (target: Target | undefined, operation: Operation, threads: number) =>
    target === undefined ? undefined : (await load.run(target, operation, threads, millis)).perSecond
  for (const [operation, threads] of OPERATIONS) {
    say(`${NAMES[operation]}, ${threads} ${threads === 1 ? 'thread' : 'threads'} …\n`)
    // One after the other, so that each has the whole machine, and all of them the same minute of it.
    const own = await load.run(embedded, operation, threads, millis)
    const other = await perSecond(softHsm, operation, threads)
    const nats = await perSecond(overNats, operation, threads)
    rates.push({
      operation,
      threads,
      embedded: own.perSecond,
      p50Micros: own.p50Micros,
      p99Micros: own.p99Micros,
      ...(nats === undefined ? {} : { overNats: nats }),
      ...(other === undefined ? {} : { softHsm: other }),
    })
  }
  return rates
}

const measureZoneLoss = async (load: LoadGenerator, product: Product): Promise<Figures['zoneLoss']> => {
  const signing = load.run(product, 'ecdsa', 1, ZONE_LOSS_MILLIS)
  await after(ZONE_LOSS_MILLIS / 4)
  await product.hsmlab('chaos', 'kill-az', ZONE)
  const { longestMicros, failed } = await signing
  await product.hsmlab('chaos', 'heal')
  return { pauseMillis: longestMicros / 1000, failed }
}

const measureMemory = async (load: LoadGenerator, product: Product): Promise<number> => {
  await after(SETTLE_MILLIS)
  const before = await product.residentBytes()
  await load.fill(product, KEYS_FILLED)
  await after(SETTLE_MILLIS)
  return (((await product.residentBytes()) - before) / KEYS_FILLED) * 1000
}

const measure = async (options: BenchOptions, folder: string, closers: Closers, say: Say): Promise<Figures> => {
  const module = p11KitModule()
  if (module === undefined) {
    throw new BenchFailure("p11-kit's client library is not installed (Debian: apt-get install p11-kit-modules)")
  }
  const millis = options.seconds * 1000
  const opened = async <A extends Readonly<{ stop: () => Promise<void> }>>(target: A): Promise<A> => {
    closers.push(() => target.stop())
    return target
  }
  const load = await loadGenerator(folder, module)
  const data = join(folder, 'data')
  say('start to ready …\n')
  const fresh = await startProduct(data)
  await fresh.stop()
  const embedded = await opened(await startProduct(data))
  const softHsm = await startSoftHsm(join(folder, 'softhsm'))
  if (softHsm === undefined) say('SoftHSM2 or p11-kit is not installed: nothing to compare with.\n')
  else await opened(softHsm)
  const over = options.nats.flatMap((url) => ['--nats', url])
  const monitors = options.natsMonitors.flatMap((url) => ['--nats-monitor', url])
  const overNats =
    over.length === 0 ? undefined : await opened(await startProduct(join(folder, 'nats'), [...over, ...monitors]))

  for (const target of [embedded, softHsm, overNats]) if (target !== undefined) await load.makeKeys(target)
  const rates = await measureRates(load, { embedded, overNats, softHsm }, millis, say)
  say('a zone dies …\n')
  const zoneLoss = await measureZoneLoss(load, embedded)
  say(`${KEYS_FILLED} keys …\n`)
  const memoryPerThousandKeysBytes = await measureMemory(load, embedded)
  await embedded.stop()
  say('replay …\n')
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    secondsEach: options.seconds,
    rates,
    readyMillis: { first: fresh.readyMillis, again: embedded.readyMillis },
    zoneLoss,
    replay: await replaySpeed(data, join(folder, 'replay')),
    memoryPerThousandKeysBytes,
  }
}

const whole = (value: number | undefined): string =>
  value === undefined ? '-' : Math.round(value).toLocaleString('en-US')

const ratio = (value: number, of: number | undefined): string => (of === undefined ? '-' : (value / of).toFixed(2))

const text = (figures: Figures): string => {
  const { cores, processor, secondsEach, rates, readyMillis, zoneLoss, replay, memoryPerThousandKeysBytes } = figures
  const header = [
    'CALLS PER SECOND',
    'THREADS',
    'EMBEDDED',
    'P50 µs',
    'P99 µs',
    'OVER NATS',
    'SOFTHSM2',
    'EMBEDDED/SOFTHSM2',
  ]
  const rows = rates.map(({ operation, threads, embedded, p50Micros, p99Micros, overNats, softHsm }) => [
    NAMES[operation],
    String(threads),
    whole(embedded),
    whole(p50Micros),
    whole(p99Micros),
    whole(overNats),
    whole(softHsm),
    ratio(embedded, softHsm),
  ])
  const others = [
    ['Start to ready', `${whole(readyMillis.first)} ms first, ${whole(readyMillis.again)} ms again`],
    ['A zone dies while one thread signs', `${whole(zoneLoss.pauseMillis)} ms pause, ${zoneLoss.failed} failed`],
    ['Replay, with all integrity checks', `${whole(replay.perSecond)} events/s (a log of ${whole(replay.events)})`],
    ['Resident memory', `${(memoryPerThousandKeysBytes / 2 ** 20).toFixed(1)} MiB per 1,000 keys on three HSMs`],
  ]
  const machine = `${cores} cores of ${processor}; ${secondsEach} s each, all targets and the load on this one machine.`
  return [textTable([header, ...rows]), '', textTable(others), '', machine].join('\n')
}

/** Measures a product of its own, in a folder that is gone afterwards. */
export const bench = async (options: BenchOptions, say: Say): Promise<Outcome> => {
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-bench-'))
  const closers: Closers = []
  try {
    const figures = await measure(options, folder, closers, say)
    return E.right(told(figures, text(figures)))
  } catch (error) {
    if (error instanceof BenchFailure) return E.left({ code: 'BenchFailed', message: error.message })
    throw error
  } finally {
    for (const close of closers.reverse()) await close()
    await rm(folder, { recursive: true, force: true })
  }
}
