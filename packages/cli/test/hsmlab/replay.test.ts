import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { handleOf } from '../../src/hsmlab/replay/key-life.ts'
import { placeOf } from '../../src/hsmlab/replay/moment.ts'

test('a place in history is a time, a number of records, or those of one HSM', (t) => {
  const time = { _tag: 'time', atMicros: 1779008401250000 }
  t.deepEqual(placeOf('2026-05-17T09:00:01.250Z'), E.right(time))
  t.deepEqual(placeOf('2026-05-17T09:00:01.250'), E.right(time))
  t.deepEqual(placeOf('2026-05-17T11:00:01.250+02:00'), E.right(time))
  t.deepEqual(placeOf('2026-05-17'), E.right({ _tag: 'time', atMicros: 1778976000000000 }))
  t.deepEqual(placeOf('120'), E.right({ _tag: 'position', log: 'controller', length: 120 }))
  t.deepEqual(placeOf('controller:7'), E.right({ _tag: 'position', log: 'controller', length: 7 }))
  t.deepEqual(placeOf('hsm-aaaaaaaaaaa:7'), E.right({ _tag: 'position', log: 'hsm-aaaaaaaaaaa', length: 7 }))
  for (const text of ['', 'yesterday', '-1', 'hsm-aaaaaaaaaaa:', 'hsm-a:1', '2026-13-01', '12:30', '1.5']) {
    t.true(E.isLeft(placeOf(text)), text)
  }
})

test('a key goes by its reference or by its number in audit logs', (t) => {
  t.deepEqual(handleOf('0x0000000000140001'), E.right(0x140001))
  t.deepEqual(handleOf('1310721'), E.right(0x140001))
  for (const text of ['', '0', 'x', '0x', '-1', '0xffffffffffffffff']) t.true(E.isLeft(handleOf(text)), text)
})
