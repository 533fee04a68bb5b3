import test from 'ava'
import type { CommandId, HsmEvent } from '../../src/index.ts'
import { blankHsm, evolveHsm } from '../../src/index.ts'
import { REMEMBERED_COMMANDS_MAX } from '../../src/hsm/state.ts'
import { alice, SESSION } from './samples.ts'

const finished = (id: number): HsmEvent => ({
  type: 'UserDeleted',
  session: SESSION,
  commandId: `command-${id}` as CommandId,
  username: alice,
  role: 'crypto-user',
})

const remembered = (...ids: ReadonlyArray<number>): ReadonlyArray<string> => {
  const state = blankHsm()
  for (const id of ids) evolveHsm(state, { at: 0, event: finished(id) })
  return [...state.commands.keys()]
}

const MANY = 3 * REMEMBERED_COMMANDS_MAX + 7
const all = Array.from({ length: MANY }, (_, id) => id)
const newest = all.slice(-REMEMBERED_COMMANDS_MAX)

test('of many finished commands the newest are remembered, in their order', (t) => {
  t.deepEqual(
    remembered(...all),
    newest.map((id) => `command-${id}`),
  )
})

test('a command that is finished again counts as new', (t) => {
  const [first = 0, second = 0, ...rest] = newest
  t.deepEqual(
    remembered(...all, first, MANY),
    [...rest, first, MANY].map((id) => `command-${id}`),
  )
  t.false(remembered(...all, first, MANY).includes(`command-${second}`))
})
