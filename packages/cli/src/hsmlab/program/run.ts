import { Command, CommanderError } from 'commander'
import { packageVersion } from '../../shared/version.ts'
import { EXIT, type ExitCode } from '../outcome.ts'
import { addBenchCommand } from './bench-command.ts'
import { addChaosCommands } from './chaos-commands.ts'
import { type Context, contextOf, type HsmlabWorld } from './context.ts'
import { addHistoryCommands } from './history-commands.ts'
import { addLifecycleCommands } from './lifecycle-commands.ts'
import { addSimulateCommand } from './simulate-command.ts'

const EXIT_CODES = `
Exit codes: 0 done, 1 refused or failed, 2 wrong words, 3 no product runs on the data folder,
            4 a verification found a difference, 130 a second Ctrl-C did not wait for the end`

const programOf = (context: Context): Command => {
  const { world, print } = context
  const program = new Command('hsmlab')
    .description('AWS CloudHSM on your own machine')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: (text) => void world.errors.write(text) })
    .showHelpAfterError('(add --help for more)')
    .addHelpText('after', EXIT_CODES)
  addLifecycleCommands(program, context)
  addChaosCommands(program, context)
  addHistoryCommands(program, context)
  addSimulateCommand(program, context)
  addBenchCommand(program, context)
  return program
}

/** Runs `hsmlab` with `words`, and resolves to its exit code. */
export const runHsmlab = async (words: ReadonlyArray<string>, world: HsmlabWorld): Promise<ExitCode> => {
  const context = contextOf(world)
  try {
    await programOf(context).parseAsync([...words], { from: 'user' })
    return context.exit()
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    throw error
  }
}
