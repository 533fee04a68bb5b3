import type { CommandSyntax } from '../../shared/syntax/syntax.ts'
import { CLUSTER_ID } from '../options.ts'

/** `cloudhsm-cli interactive`, which is no command of the prompt. */
export const INTERACTIVE: CommandSyntax = {
  path: ['interactive'],
  summary: 'Read commands from a prompt',
  options: [CLUSTER_ID],
}
