import type { Command } from 'commander'
import { commandUnder, type Common, type Context, wholeNumber } from './context.ts'

const RUNS_DEFAULT = 100
const RUNS_MAX = 10_000_000

type Simulate = Common & Readonly<{ seed: number; runs: number }>

/** `simulate`. */
export const addSimulateCommand = (program: Command, { tell, world }: Context): void => {
  commandUnder(program, 'simulate', 'Run simulated clusters through faults, and check what is promised')
    .option(
      '--seed <N>',
      'the first seed; each run takes the next',
      wholeNumber(0, Number.MAX_SAFE_INTEGER - RUNS_MAX),
      1,
    )
    .option('--runs <N>', 'how many histories', wholeNumber(1, RUNS_MAX), RUNS_DEFAULT)
    .action(async (options: Simulate) => {
      // Loaded by this command alone, like the product by `up`.
      const { runSimulation } = await import('../simulate.ts')
      tell(await runSimulation(options, world), options)
    })
}
