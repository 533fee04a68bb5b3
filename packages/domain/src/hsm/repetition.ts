import * as E from 'fp-ts/lib/Either.js'
import type { CommandId, KeyHandle } from '../identifiers.ts'
import type { HsmDecision, HsmEvent } from './messages.ts'
import { rejection } from './rejection.ts'
import type { HsmState } from './state.ts'

/**
 * The decision on a command whose id the log knows: the answer of the first time, and no second fact. `undefined`: the
 * command is new. An id that belongs to a command of another kind is refused: "done" would be said of what was not.
 */
export const repetition = <Reply>(
  { commands }: HsmState,
  commandId: CommandId,
  type: HsmEvent['type'],
  answer: (handles: ReadonlyArray<KeyHandle>) => Reply,
): HsmDecision<Reply> | undefined => {
  const before = commands.get(commandId)
  if (before === undefined) return undefined
  if (before.type !== type) {
    return { events: [], reply: E.left(rejection('CKR_ARGUMENTS_BAD', 'The command id is that of another command.')) }
  }
  return { events: [], reply: E.right(answer(before.handles as ReadonlyArray<KeyHandle>)) }
}
