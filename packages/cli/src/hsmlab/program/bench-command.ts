import type { Command } from 'commander'
import { commandUnder, type Common, type Context, urlArgument, wholeNumber } from './context.ts'

type Bench = Common &
  Readonly<{ seconds?: number; quick?: true; nats: ReadonlyArray<string>; natsMonitor: ReadonlyArray<string> }>

const SECONDS_DEFAULT = 2
const SECONDS_QUICK = 1

/** `bench`. */
export const addBenchCommand = (program: Command, { tell, world }: Context): void => {
  commandUnder(program, 'bench', 'Measure a product of its own: signatures, replay, start, memory, loss of a zone')
    .option(
      '--seconds <N>',
      `how long each figure is measured, each time [${SECONDS_DEFAULT}, with --quick ${SECONDS_QUICK}]`,
      wholeNumber(1, 600),
    )
    .option('--quick', 'fewer figures, each measured once')
    .option(
      '--nats <URL>',
      'these servers, not one that is started for it; again for each server',
      urlArgument(['nats:', 'tls:']),
      [],
    )
    .option(
      '--nats-monitor <URL>',
      'where the server shows /varz [its port 8222]',
      urlArgument(['http:', 'https:']),
      [],
    )
    .action(async (options: Bench) => {
      // Loaded by this command alone, like the product by `up`.
      const { bench } = await import('../bench/bench.ts')
      const { quick = false, nats, natsMonitor } = options
      const { seconds = quick ? SECONDS_QUICK : SECONDS_DEFAULT } = options
      const say = (text: string): void => void world.errors.write(text)
      tell(await bench({ seconds, quick, nats, natsMonitors: natsMonitor }, say), options)
    })
}
