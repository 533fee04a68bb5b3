import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { type Decider, type Message, replay, type Tagged } from '../src/index.ts'
import { specify } from '../src/spec/index.ts'

type Command = Message<'Deposit', { amount: number }> | Message<'Withdraw', { amount: number }>
type Event = Message<'Deposited', { amount: number }> | Message<'Withdrawn', { amount: number }>
type Rejection = Tagged<'Overdrawn', { balance: number }>

const account: Decider<Command, number, Event, Rejection> = {
  initial: 0,
  decide: ({ type, amount }, balance) => {
    if (type === 'Deposit') return E.right(amount === 0 ? [] : [{ type: 'Deposited', amount }])
    return amount > balance ? E.left({ _tag: 'Overdrawn', balance }) : E.right([{ type: 'Withdrawn', amount }])
  },
  evolve: (balance, { type, amount }) => (type === 'Deposited' ? balance + amount : balance - amount),
}
const { given } = specify(account)

const deposit = (amount: number) => ({ type: 'Deposit', amount }) as const
const withdraw = (amount: number) => ({ type: 'Withdraw', amount }) as const
const deposited = (amount: number) => ({ type: 'Deposited', amount }) as const
const withdrawn = (amount: number) => ({ type: 'Withdrawn', amount }) as const

test('a command gives events', given().when(deposit(5)).thenEvents(deposited(5)))
test('a command may give none', given().when(deposit(0)).thenEvents())
test('the history decides', given(deposited(5), withdrawn(2)).when(withdraw(3)).thenEvents(withdrawn(3)))
test('a command may be rejected', given(deposited(5)).when(withdraw(6)).thenRejected({ _tag: 'Overdrawn', balance: 5 }))

test('a specification that does not hold fails', (t) => {
  const compared: Array<readonly [unknown, unknown]> = []
  const context = { deepEqual: (actual: unknown, expected: unknown) => compared.push([actual, expected]) }
  given().when(deposit(5)).thenEvents(deposited(6))(context)
  given().when(deposit(5)).thenRejected({ _tag: 'Overdrawn', balance: 0 })(context)
  t.is(compared.length, 2)
  for (const [actual, expected] of compared) t.notDeepEqual(actual, expected)
})

test('a state is the fold of its events', (t) => {
  t.is(replay(account, [deposited(5), withdrawn(2), deposited(1)]), 4)
  t.is(replay(account, []), 0)
})
