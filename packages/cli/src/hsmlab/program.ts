import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import type { Writable } from 'node:stream'
import { type HsmId, HsmIdCodec } from '@hsmlab/domain'
import { DEFAULT_PORT } from '@hsmlab/embedded'
import { colourFor } from '../shared/colour.ts'
import { dataDirectory, type Environment } from '../shared/data-directory.ts'
import { packageVersion } from '../shared/version.ts'
import { auditShow, auditTail } from './audit/show.ts'
import { auditVerify } from './audit/verify.ts'
import { NOT_RUNNING } from '../shared/connect.ts'
import { chaosList, heal, killHsm, killZone } from './chaos.ts'
import { startDetached } from './detach.ts'
import { down } from './down.ts'
import { env } from './env.ts'
import { EXIT, type ExitCode, type Outcome, type Problem } from './outcome.ts'
import { replay } from './replay/replay.ts'
import { type Started, startText } from './start-text.ts'
import { status } from './status.ts'
import { runUntilStopped, startedOn, startHere } from './up.ts'

export type HsmlabWorld = Readonly<{
  environment: Environment
  output: Writable & Readonly<{ isTTY?: boolean }>
  errors: Writable
  /** Calls `run` at each SIGINT and SIGTERM. */
  onStopSignal: (run: () => void) => void
}>

type Common = Readonly<{ json?: true; data?: string }>

const EXIT_CODES = `
Exit codes: 0 done, 1 refused or failed, 2 wrong words, 3 no product runs on the data folder,
            4 a verification found a difference, 130 Ctrl-C twice`

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`)
  }

const hsmIdArgument = (text: string): HsmId => {
  const hsmId = HsmIdCodec.decode(text)
  if (E.isRight(hsmId)) return hsmId.right
  throw new InvalidArgumentError('An HSM id, such as hsm-abcdefghijk.')
}

const exitOf = ({ code }: Problem): ExitCode => (code === NOT_RUNNING ? EXIT.notRunning : EXIT.failed)

/** Runs `hsmlab` with `words`, and resolves to its exit code. */
export const runHsmlab = async (words: ReadonlyArray<string>, world: HsmlabWorld): Promise<ExitCode> => {
  const { environment, output, errors } = world
  const colour = colourFor(output.isTTY === true, environment)
  let exit: ExitCode = EXIT.done

  const print = (text: string): void => void output.write(text)
  const fail = (problem: Problem, json: boolean): void => {
    exit = exitOf(problem)
    if (json) print(`${JSON.stringify({ error: { code: problem.code, message: problem.message } })}\n`)
    else errors.write(`hsmlab: ${problem.message}\n`)
  }
  const tell = (outcome: Outcome, { json }: Common): void => {
    if (E.isLeft(outcome)) return fail(outcome.left, json === true)
    exit = outcome.right.exit ?? EXIT.done
    print(json === true ? `${JSON.stringify(outcome.right.json, undefined, 2)}\n` : `${outcome.right.text}\n`)
  }
  const end = (ended: E.Either<Problem, ExitCode>, { json }: Common): void => {
    if (E.isLeft(ended)) fail(ended.left, json === true)
    else exit = ended.right
  }
  const data = ({ data: given }: Common): string => dataDirectory(given, environment)

  const program = new Command('hsmlab')
    .description('AWS CloudHSM on your own machine')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: (text) => void errors.write(text) })
    .showHelpAfterError('(add --help for more)')
    .addHelpText('after', EXIT_CODES)
  const under = (parent: Command, name: string, summary: string): Command =>
    parent
      .command(name)
      .description(summary)
      .option('--json', 'print JSON, for programs')
      .option('--data <DIR>', 'the data folder that is meant [HSMLAB_DATA, else .hsmlab here or in a parent]')
  const group = (name: string, summary: string): Command => program.command(name).description(summary)

  const announce = (started: E.Either<Problem, Started>, common: Common): boolean => {
    if (E.isLeft(started)) fail(started.left, common.json === true)
    else if (common.json === true) print(`${JSON.stringify(startedJson(started.right), undefined, 2)}\n`)
    else print(`${startText(started.right)}\n`)
    return E.isRight(started)
  }

  type Up = Common & Readonly<{ empty?: true; detach?: true; port: number; timeScale?: 'real' }>
  under(program, 'up', 'Start the product, and stop it with Ctrl-C')
    .option('--empty', 'without the ready-made cluster')
    .option('--detach', 'in the background; stop it with: hsmlab down')
    .option('--port <N>', 'TCP port of the AWS endpoint on 127.0.0.1; 0 for any', wholeNumber(0, 65_535), DEFAULT_PORT)
    .addOption(new Option('--time-scale <SCALE>', 'let transitions take as long as on AWS').choices(['real']))
    .action(async (options: Up) => {
      const folder = data(options)
      if (options.detach === true) {
        const scale = options.timeScale === undefined ? [] : ['--time-scale', options.timeScale]
        const empty = options.empty === true ? ['--empty'] : []
        announce(
          await startDetached(folder, ['--data', folder, '--port', String(options.port), ...empty, ...scale]),
          options,
        )
        return
      }
      const embedded = await startHere({
        dataDirectory: folder,
        port: options.port,
        empty: options.empty === true,
        realTime: options.timeScale === 'real',
        environment,
      })
      if (E.isLeft(embedded)) return fail(embedded.left, options.json === true)
      announce(await startedOn(folder, performance.now()), options)
      exit = await runUntilStopped(embedded.right, world, (text) => void errors.write(text))
    })
  under(program, 'down', 'Stop the product').action(async (options: Common) => tell(await down(data(options)), options))
  under(program, 'status', 'Show clusters, zones and HSMs').action(async (options: Common) =>
    tell(await status(data(options), colour), options),
  )
  under(program, 'env', 'Print exports that make a shell use the product: eval "$(hsmlab env)"').action(
    async (options: Common) => tell(await env(data(options)), options),
  )

  const chaos = group('chaos', 'Take HSMs and zones away, and give them back')
  under(chaos, 'list', 'Show what was taken away').action(async (options: Common) =>
    tell(await chaosList(data(options)), options),
  )
  under(chaos, 'kill-az', 'Take a zone away, as if its power failed')
    .argument('<ZONE>', 'such as us-east-1a')
    .action(async (zone: string, options: Common) => tell(await killZone(data(options), zone), options))
  under(chaos, 'kill-hsm', 'Take one HSM away, as if its power failed')
    .argument('<HSM>', 'such as hsm-abcdefghijk')
    .action(async (hsm: string, options: Common) => tell(await killHsm(data(options), hsm), options))
  under(chaos, 'heal', 'Give back a zone or an HSM; everything, when none is named')
    .argument('[WHAT]', 'a zone or an HSM')
    .action(async (what: string | undefined, options: Common) => tell(await heal(data(options), what), options))

  under(program, 'replay', 'Fold the history again: as it is now, as it was, or one key of it')
    .addOption(new Option('--verify', 'compare with the live state, byte for byte').conflicts(['at', 'key']))
    .addOption(
      new Option('--at <PLACE>', 'a time, a number of records of the controller, or HSM:records').conflicts('key'),
    )
    .option('--key <REFERENCE>', 'tell the life of one key')
    .action(async (options: Common & Parameters<typeof replay>[1]) =>
      tell(await replay(data(options), options), options),
    )

  type Selection = Common & Readonly<{ hsm?: HsmId; from?: number }>
  const selectionOf = ({ hsm, from }: Selection) => ({
    ...(hsm === undefined ? {} : { hsmId: hsm }),
    ...(from === undefined ? {} : { from }),
  })
  const printing = ({ json }: Common) => ({ print, json: json === true })
  const audit = group('audit', "The HSMs' audit logs")
  const selecting = (name: string, summary: string): Command =>
    under(audit, name, summary)
      .option('--hsm <HSM>', 'of one HSM only', hsmIdArgument)
      .option('--from <N>', 'from this sequence number on', wholeNumber(0, Number.MAX_SAFE_INTEGER))
  selecting('show', 'Print the records as CloudHSM writes them; with --json one a line').action(
    async (options: Selection) => end(await auditShow(data(options), selectionOf(options), printing(options)), options),
  )
  selecting('tail', 'Print the newest records and those to come, until Ctrl-C')
    .option('-n, --lines <N>', 'how many of the newest', wholeNumber(0, 1_000_000), 10)
    .action(async (options: Selection & Readonly<{ lines: number }>) =>
      end(
        await auditTail(data(options), selectionOf(options), options.lines, printing(options), world.onStopSignal),
        options,
      ),
    )
  under(audit, 'verify', 'Look for changed, removed, moved or missing records').action(async (options: Common) =>
    tell(await auditVerify(data(options)), options),
  )

  try {
    await program.parseAsync([...words], { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    throw error
  }
}

const startedJson = ({ instance, status: { version, clusters }, readyMillis, dataDirectory: folder }: Started) => ({
  ...instance,
  version,
  dataDirectory: folder,
  readyMillis: Math.round(readyMillis),
  clusters: clusters.map(({ clusterId, state }) => ({ clusterId, state })),
})
