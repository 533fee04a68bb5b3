import { type Command, Option } from 'commander'
import type { HsmId } from '@hsmlab/domain'
import type { ReplayOptions } from '../replay/replay.ts'
import { commandUnder, type Common, type Context, hsmIdArgument, wholeNumber } from './context.ts'

type Selection = Common & Readonly<{ hsm?: HsmId; from?: number }>
type Tail = Selection & Readonly<{ lines: number }>

const selectionOf = ({ hsm, from }: Selection) => ({
  ...(hsm === undefined ? {} : { hsmId: hsm }),
  ...(from === undefined ? {} : { from }),
})

const NEWEST_DEFAULT = 10

/** `replay`, and `audit show`, `tail` and `verify`. */
export const addHistoryCommands = (program: Command, { tell, end, data, print, world }: Context): void => {
  commandUnder(program, 'replay', 'Fold the history again: as it is now, as it was, or one key of it')
    .addOption(new Option('--verify', 'compare with the live state, byte for byte').conflicts(['at', 'key']))
    .addOption(
      new Option('--at <PLACE>', 'a time, a number of records of the controller, or HSM:records').conflicts('key'),
    )
    .option('--key <REFERENCE>', 'tell the life of one key')
    .action(async (options: Common & ReplayOptions) => {
      const { replay } = await import('../replay/replay.ts')
      tell(await replay(data(options), options), options)
    })

  const audit = program.command('audit').description("The HSMs' audit logs")
  const printing = ({ json }: Common) => ({ print, json: json === true })
  const selecting = (name: string, summary: string): Command =>
    commandUnder(audit, name, summary)
      .option('--hsm <HSM>', 'of one HSM only', hsmIdArgument)
      .option('--from <N>', 'from this sequence number on', wholeNumber(0, Number.MAX_SAFE_INTEGER))
  selecting('show', 'Print the records as CloudHSM writes them; with --json one a line').action(
    async (options: Selection) => {
      const { auditShow } = await import('../audit/show.ts')
      end(await auditShow(data(options), selectionOf(options), printing(options)), options)
    },
  )
  selecting('tail', 'Print the newest records and those to come, until Ctrl-C')
    .option('-n, --lines <N>', 'how many of the newest', wholeNumber(0, 1_000_000), NEWEST_DEFAULT)
    .action(async (options: Tail) => {
      const { auditTail } = await import('../audit/show.ts')
      const selection = selectionOf(options)
      end(await auditTail(data(options), selection, options.lines, printing(options), world.onStopSignal), options)
    })
  commandUnder(audit, 'verify', 'Look for changed, removed, moved or missing records').action(
    async (options: Common) => {
      const { auditVerify } = await import('../audit/verify.ts')
      tell(await auditVerify(data(options)), options)
    },
  )
}
