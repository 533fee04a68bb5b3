import test from 'ava'
import { invariant } from '../src/index.ts'

test('an invariant that holds says nothing', (t) => {
  t.notThrows(() => invariant(true, 'never seen'))
})

test('an invariant that is broken says why', (t) => {
  t.throws(() => invariant(false, 'positions rise by one'), { message: 'invariant broken: positions rise by one' })
})
