import * as E from 'fp-ts/lib/Either.js'
import type { KeyFilter } from '@hsmlab/protocol'
import type { CliCommand, CommandContext, CommandResult } from '../command.ts'
import type { CliArguments } from '../../shared/syntax/syntax.ts'
import { countOf, textsOf } from '../../shared/syntax/given.ts'
import { filterOf } from '../key/filter.ts'
import { keySummary, keyView, type LocalKeyView } from '../key/view.ts'
import { CLUSTER_ID, FILTER } from '../options.ts'
import { ask } from './ask.ts'
import { keyGenerateCommands } from './key-generate.ts'

const ITEMS_DEFAULT = 10
const ITEMS_MAX = 1_000_000

type Found = Readonly<{ keys: ReadonlyArray<LocalKeyView>; total: number }>

const findKeys = async (
  context: CommandContext,
  filter: KeyFilter,
  skip: number,
  limit: number,
): Promise<E.Either<string, Found>> => {
  const keys: LocalKeyView[] = []
  const answer = await ask(context, 'findKeys', { filter, skip, limit }, (event) => keys.push(...event.keys))
  return E.isLeft(answer) ? answer : E.right({ keys, total: answer.right.total })
}

const list = async (context: CommandContext, given: CliArguments): Promise<CommandResult> => {
  const filter = filterOf(textsOf(given, 'filter'))
  if (E.isLeft(filter)) return filter
  const limit = countOf(given, 'max-items', 1, ITEMS_MAX)
  if (E.isLeft(limit)) return limit
  const skip = countOf(given, 'starting-token', 0, ITEMS_MAX)
  if (E.isLeft(skip)) return skip
  const from = skip.right ?? 0
  const found = await findKeys(context, filter.right, from, limit.right ?? ITEMS_DEFAULT)
  if (E.isLeft(found)) return found
  const { keys, total } = found.right
  const verbose = given['verbose'] === true && context.login()?.role !== 'admin'
  const next = from + keys.length
  return E.right({
    matched_keys: keys.map(verbose ? keyView : keySummary),
    total_key_count: total,
    returned_key_count: keys.length,
    ...(next < total ? { next_token: String(next) } : {}),
  })
}

/** The one key that a filter selects. */
const singleKey = async (context: CommandContext, given: CliArguments): Promise<E.Either<string, LocalKeyView>> => {
  const filter = filterOf(textsOf(given, 'filter'))
  if (E.isLeft(filter)) return filter
  const found = await findKeys(context, filter.right, 0, 1)
  if (E.isLeft(found)) return found
  const { keys, total } = found.right
  const [key] = keys
  if (key === undefined) return E.left('Key selection criteria matched no key.')
  if (total === 1) return E.right(key)
  return E.left(`Key selection criteria matched ${total} keys. Refine selection criteria to select a single key.`)
}

export const keyCommands: ReadonlyArray<CliCommand> = [
  {
    path: ['key', 'delete'],
    summary: 'Delete a key from all HSMs of the cluster',
    needsLogin: true,
    options: [CLUSTER_ID, { ...FILTER, required: true }],
    run: async (context, given) => {
      const key = await singleKey(context, given)
      if (E.isLeft(key)) return key
      const deleted = await ask(context, 'destroyKey', { handle: key.right.key.handle })
      return E.isLeft(deleted) ? deleted : E.right({ message: 'Key deleted successfully' })
    },
  },
  ...keyGenerateCommands,
  {
    path: ['key', 'list'],
    summary: 'Find keys: own ones, shared ones and all public keys',
    needsLogin: true,
    options: [
      CLUSTER_ID,
      FILTER,
      { name: 'max-items', value: 'MAX_ITEMS', summary: 'How many keys to show at most [default: 10]' },
      { name: 'starting-token', value: 'STARTING_TOKEN', summary: 'next_token of the page before' },
      { name: 'verbose', value: '', summary: 'Show all that is known of each key', flag: true },
    ],
    run: list,
  },
]
