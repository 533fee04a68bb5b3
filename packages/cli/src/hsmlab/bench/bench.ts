import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { findNatsServer, startNatsServer } from '@hsmlab/adapter-nats/testing'
import { type Outcome, told } from '../outcome.ts'
import { p11KitModule } from '../p11-kit-module.ts'
import { figuresText } from './describe.ts'
import type { Figures } from './figures.ts'
import { loadGenerator } from './load.ts'
import { measureMemory, measureStarts, measureZoneLoss } from './measure-product.ts'
import { ALL_ROWS, measureRates, QUICK_ROWS } from './measure-rates.ts'
import { replaySpeed } from './replay-speed.ts'
import { BenchFailure } from './run-tool.ts'
import { type Product, startProduct, startSoftHsm } from './targets.ts'

export type BenchOptions = Readonly<{
  /** How long each figure is measured, each time. */
  seconds: number
  /** Fewer rows, each measured once. */
  quick: boolean
  /** Given: these NATS servers, instead of one that is started for it. */
  nats: ReadonlyArray<string>
  natsMonitors: ReadonlyArray<string>
}>

type Say = (text: string) => void
type Closers = Array<() => Promise<unknown>>
type Stoppable = Readonly<{ stop: () => Promise<unknown> }>

const ROUNDS = 3
const STARTS = 3
const ZONE_LOSSES = 6

const natsServers = async (
  { nats, natsMonitors }: BenchOptions,
  closers: Closers,
): Promise<ReadonlyArray<string> | undefined> => {
  const words = [...nats.flatMap((url) => ['--nats', url]), ...natsMonitors.flatMap((url) => ['--nats-monitor', url])]
  if (nats.length > 0) return words
  const binary = findNatsServer()
  if (binary === undefined) return undefined
  const server = await startNatsServer({ binary })
  closers.push(() => server.stop())
  return ['--nats', server.url, '--nats-monitor', server.monitor]
}

const overNats = async (
  folder: string,
  options: BenchOptions,
  closers: Closers,
  say: Say,
): Promise<Product | undefined> => {
  const servers = await natsServers(options, closers)
  if (servers !== undefined) return startProduct(join(folder, 'nats'), servers)
  say('No nats-server (2.10.23 or newer) is installed, and --nats names none: nothing is measured over NATS.\n')
  return undefined
}

const measure = async (options: BenchOptions, folder: string, closers: Closers, say: Say): Promise<Figures> => {
  const { seconds, quick } = options
  const times = (count: number): number => (quick ? 1 : count)
  const loadBefore = loadavg()[0] ?? Number.NaN
  const stopAtEnd = <A extends Stoppable | undefined>(target: A): A => {
    if (target !== undefined) closers.push(() => target.stop())
    return target
  }
  const module = p11KitModule()
  if (module === undefined) {
    throw new BenchFailure("p11-kit's client library is not installed (Debian: apt-get install p11-kit-modules)")
  }
  const load = await loadGenerator(folder, module)

  say('start to ready …\n')
  const { product, readyMillis } = await measureStarts(folder, times(STARTS))
  const embedded = stopAtEnd(product)
  const softHsm = stopAtEnd(await startSoftHsm(join(folder, 'softhsm')))
  if (softHsm === undefined) say('SoftHSM2 or p11-kit is not installed: nothing to compare with.\n')
  const nats = stopAtEnd(await overNats(folder, options, closers, say))
  const rounds = { rounds: times(ROUNDS), millis: seconds * 1000, rows: quick ? QUICK_ROWS : ALL_ROWS }
  const rates = await measureRates(load, { embedded, softHsm, overNats: nats }, rounds, say)
  await nats?.stop()

  say('zones die …\n')
  const zoneLoss = await measureZoneLoss(load, embedded, times(ZONE_LOSSES))
  say('memory of keys …\n')
  const memoryPerThousandKeysBytes = await measureMemory(load, embedded)
  await embedded.stop()
  say('replay …\n')
  const replay = await replaySpeed(embedded.data, join(folder, 'replay'))
  const machine = {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.versions.node,
    loadBefore,
  }
  const { rounds: roundsRun } = rounds
  return {
    machine,
    rounds: roundsRun,
    secondsEach: seconds,
    rates,
    readyMillis,
    zoneLoss,
    replay,
    memoryPerThousandKeysBytes,
  }
}

/** Measures a product of its own, in a folder that is gone afterwards. */
export const bench = async (options: BenchOptions, say: Say): Promise<Outcome> => {
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-bench-'))
  const closers: Closers = []
  try {
    const figures = await measure(options, folder, closers, say)
    return E.right(told(figures, figuresText(figures)))
  } catch (error) {
    if (error instanceof BenchFailure) return E.left({ code: 'BenchFailed', message: error.message })
    throw error
  } finally {
    for (const close of closers.reverse()) await close()
    await rm(folder, { recursive: true, force: true })
  }
}
