import { SingleBar } from 'cli-progress'
import * as E from 'fp-ts/lib/Either.js'
import { simulate, type SimulationFailure, type SimulationProgress, type SimulationReport } from '@hsmlab/simulation'
import type { HsmlabWorld } from './program/context.ts'
import { EXIT, type ExitCode, type Outcome, told } from './outcome.ts'

export type SimulateOptions = Readonly<{ seed: number; runs: number }>

const BAR = 'simulating {bar} {value}/{total} histories, seed {seed}, {failures} broken, {eta} s to go'

type Bar = Readonly<{ update: (progress: SimulationProgress) => void; stop: () => void }>

/** One line on a terminal, and nothing where there is none. */
const progressOn = (stream: HsmlabWorld['errors'], { seed, runs }: SimulateOptions): Bar => {
  if (stream.isTTY !== true) return { update: () => undefined, stop: () => undefined }
  const bar = new SingleBar({ stream, format: BAR, clearOnComplete: true, hideCursor: true, etaBuffer: 20 })
  bar.start(runs, 0, { seed, failures: 0 })
  return {
    update: ({ done, seed: current, failures }) => bar.update(done, { seed: current, failures }),
    stop: () => bar.stop(),
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

const failureText = ({ seed, violations, history }: SimulationFailure): string =>
  [
    `Seed ${seed} breaks a promise:`,
    ...violations.map((violation) => `  ${violation}`),
    'in this history, the shortest one found:',
    ...history.map((line) => `  ${line}`),
    `Again: hsmlab simulate --seed ${seed} --runs 1`,
    '',
  ].join('\n')

const summary = (report: SimulationReport, { seed }: SimulateOptions): string => {
  const { runs, repeated, failures, stopped, steps, virtualMillis, elapsedMillis, historiesPerMinute } = report
  const isRepeatable = !failures.some(({ violations }) => violations.some((violation) => violation.startsWith('P8')))
  const verdict = failures.length === 0 ? 'every promise was kept' : `${failures.length} broke a promise`
  return [
    `${whole(runs)} histories of a cluster of three from seed ${seed} on${stopped ? ', then stopped' : ''}: ${verdict}.`,
    `${whole(steps)} events, ${whole(virtualMillis / 1000)} virtual seconds in ${whole(elapsedMillis / 1000)} s: ` +
      `${whole(historiesPerMinute)} histories a minute; ${whole(repeated)} were run twice${isRepeatable ? ' and came out the same' : ''}.`,
  ].join('\n')
}

const exitOf = ({ failures, stopped }: SimulationReport): ExitCode => {
  if (failures.length > 0) return EXIT.failed
  return stopped ? EXIT.interrupted : EXIT.done
}

/** Runs histories of simulated clusters until all are done, enough have failed, or Ctrl-C is pressed. */
export const runSimulation = async (
  options: SimulateOptions,
  { errors, onStopSignal }: Pick<HsmlabWorld, 'errors' | 'onStopSignal'>,
): Promise<Outcome> => {
  const bar = progressOn(errors, options)
  const signal = { aborted: false }
  onStopSignal(() => {
    signal.aborted = true
  })
  const report = await simulate({ ...options, signal, onProgress: bar.update })
  bar.stop()
  const text = [...report.failures.map(failureText), summary(report, options)].join('\n')
  return E.right(told(report, text, exitOf(report)))
}
