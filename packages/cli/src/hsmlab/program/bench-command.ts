import type { Command } from 'commander'
import { commandUnder, type Common, type Context, urlArgument, wholeNumber } from './context.ts'

type Bench = Common & Readonly<{ seconds: number; nats: ReadonlyArray<string>; natsMonitor: ReadonlyArray<string> }>

const SECONDS_DEFAULT = 3

/** `bench`. */
export const addBenchCommand = (program: Command, { tell, world }: Context): void => {
  commandUnder(program, 'bench', 'Measure a product of its own: signatures, replay, start, memory, loss of a zone')
    .option('--seconds <N>', 'how long each figure is measured', wholeNumber(1, 600), SECONDS_DEFAULT)
    .option('--nats <URL>', 'measure over NATS too; again for each server', urlArgument(['nats:', 'tls:']), [])
    .option(
      '--nats-monitor <URL>',
      'where the server shows /varz [its port 8222]',
      urlArgument(['http:', 'https:']),
      [],
    )
    .action(async (options: Bench) => {
      // Loaded by this command alone, like the product by `up`.
      const { bench } = await import('../bench/bench.ts')
      const { seconds, nats, natsMonitor } = options
      tell(await bench({ seconds, nats, natsMonitors: natsMonitor }, (text) => void world.errors.write(text)), options)
    })
}
