import { type Command, Option } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { DEFAULT_PORT } from '@hsmlab/embedded/facts'
import { startDetached } from '../detach.ts'
import { down } from '../down.ts'
import { env } from '../env.ts'
import type { Problem } from '../outcome.ts'
import { type Started, startedJson, startText } from '../start-text.ts'
import { startedOn } from '../started-on.ts'
import { status } from '../status.ts'
import { commandUnder, type Common, type Context, urlArgument, wholeNumber } from './context.ts'

type Up = Common &
  Readonly<{
    empty?: true
    detach?: true
    port: number
    timeScale?: 'real'
    nats: ReadonlyArray<string>
    natsMonitor: ReadonlyArray<string>
  }>

const announce = (context: Context, started: E.Either<Problem, Started>, options: Common): void => {
  if (E.isLeft(started)) context.fail(started.left, options)
  else if (options.json === true) context.print(`${JSON.stringify(startedJson(started.right), undefined, 2)}\n`)
  else context.print(`${startText(started.right)}\n`)
}

const upInBackground = async (context: Context, options: Up): Promise<void> => {
  const folder = context.data(options)
  const empty = options.empty === true ? ['--empty'] : []
  const scale = options.timeScale === undefined ? [] : ['--time-scale', options.timeScale]
  const nats = options.nats.flatMap((url) => ['--nats', url])
  const monitors = options.natsMonitor.flatMap((url) => ['--nats-monitor', url])
  const words = ['--data', folder, '--port', String(options.port), ...empty, ...scale, ...nats, ...monitors]
  announce(context, await startDetached(folder, words), options)
}

const upHere = async (context: Context, options: Up): Promise<void> => {
  // Loaded by this command alone: the whole product takes longer to load than the others take to run.
  const { runUntilStopped, startHere } = await import('../up.ts')
  const dataDirectory = context.data(options)
  const { environment, errors } = context.world
  const { port, empty = false, timeScale } = options
  const embedded = await startHere({
    dataDirectory,
    port,
    empty,
    realTime: timeScale === 'real',
    natsServers: options.nats,
    natsMonitors: options.natsMonitor,
    environment,
  })
  if (E.isLeft(embedded)) return context.fail(embedded.left, options)
  announce(context, await startedOn(dataDirectory, performance.now()), options)
  const ended = await runUntilStopped(embedded.right, context.world, (text) => void errors.write(text))
  context.end(E.right(ended), options)
}

/** `up`, `down`, `status` and `env`. */
export const addLifecycleCommands = (program: Command, context: Context): void => {
  commandUnder(program, 'up', 'Start the product, and stop it with Ctrl-C')
    .option('--empty', 'without the ready-made cluster')
    .option('--detach', 'in the background; stop it with: hsmlab down')
    .option('--port <N>', 'TCP port of the AWS endpoint on 127.0.0.1; 0 for any', wholeNumber(0, 65_535), DEFAULT_PORT)
    .option(
      '--nats <URL>',
      'run the services as processes over NATS; again for each server',
      urlArgument(['nats:', 'tls:']),
      [],
    )
    .option(
      '--nats-monitor <URL>',
      'where the server shows /varz [its port 8222]',
      urlArgument(['http:', 'https:']),
      [],
    )
    .addOption(new Option('--time-scale <SCALE>', 'let transitions take as long as on AWS').choices(['real']))
    .action((options: Up) => (options.detach === true ? upInBackground(context, options) : upHere(context, options)))

  commandUnder(program, 'down', 'Stop the product').action(async (options: Common) =>
    context.tell(await down(context.data(options)), options),
  )
  commandUnder(program, 'status', 'Show clusters, zones and HSMs').action(async (options: Common) =>
    context.tell(await status(context.data(options), context.colour), options),
  )
  commandUnder(program, 'env', 'Print exports that make a shell use the product: eval "$(hsmlab env)"').action(
    async (options: Common) => context.tell(await env(context.data(options)), options),
  )
}
