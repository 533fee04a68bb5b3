import type { Command } from 'commander'
import { chaosList, heal, killHsm, killZone } from '../chaos.ts'
import { commandUnder, type Common, type Context } from './context.ts'

/** `chaos list`, `kill-az`, `kill-hsm` and `heal`. */
export const addChaosCommands = (program: Command, { tell, data }: Context): void => {
  const chaos = program.command('chaos').description('Take HSMs and zones away, and give them back')
  commandUnder(chaos, 'list', 'Show what was taken away').action(async (options: Common) =>
    tell(await chaosList(data(options)), options),
  )
  commandUnder(chaos, 'kill-az', 'Take a zone away, as if its power failed')
    .argument('<ZONE>', 'such as us-east-1a')
    .action(async (zone: string, options: Common) => tell(await killZone(data(options), zone), options))
  commandUnder(chaos, 'kill-hsm', 'Take one HSM away, as if its power failed')
    .argument('<HSM>', 'such as hsm-abcdefghijk')
    .action(async (hsm: string, options: Common) => tell(await killHsm(data(options), hsm), options))
  commandUnder(chaos, 'heal', 'Give back a zone or an HSM; everything, when none is named')
    .argument('[WHAT]', 'a zone or an HSM')
    .action(async (what: string | undefined, options: Common) => tell(await heal(data(options), what), options))
}
