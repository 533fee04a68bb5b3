import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import {
  compareStamps,
  type HsmId,
  nextStamp,
  readStamp,
  STAMP_SKEW_MICROS_MAX,
  StampCodec,
  writeStamp,
} from '../../src/index.ts'

const mine = 'hsm-aaaaaaaaaaa' as HsmId
const other = 'hsm-bbbbbbbbbbb' as HsmId
const at = (micros: number, counter = 0, hsmId = mine) => writeStamp({ micros, counter, hsmId })
const MICROS_MAX = 2 ** 52 - 1

test('the first stamp is the wall clock', (t) => {
  t.deepEqual(nextStamp(undefined, 1_763_964_000_000_000, mine), E.right('64450df9dd8000000-hsm-aaaaaaaaaaa'))
})

test('a wall clock that moved on starts the counter anew', (t) => {
  t.deepEqual(nextStamp(at(5, 7), 6, mine), E.right(at(6)))
})

test('a wall clock that stands still or went back counts on', (t) => {
  t.deepEqual(nextStamp(at(5, 7), 5, mine), E.right(at(5, 8)))
  t.deepEqual(nextStamp(at(5, 7), 1, mine), E.right(at(5, 8)))
})

test('a stamp that a client has seen is exceeded too', (t) => {
  t.deepEqual(nextStamp(at(5), 3, mine, at(9, 2, other)), E.right(at(9, 3)))
})

test('a full counter carries into the time', (t) => {
  t.deepEqual(nextStamp(at(5, 0xffff), 5, mine), E.right(at(6)))
})

test('a stamp more than a day ahead of clock and log is refused', (t) => {
  const ahead = (micros: number) => nextStamp(at(5), 10, mine, at(10 + STAMP_SKEW_MICROS_MAX + micros, 0, other))
  t.deepEqual(ahead(1), E.left({ _tag: 'StampTooFarAhead', skewMicrosMax: STAMP_SKEW_MICROS_MAX }))
  t.true(E.isRight(ahead(0)))
})

test('what the own log has accepted counts as known: a clock set back does not lock an HSM out', (t) => {
  const ahead = at(10 * STAMP_SKEW_MICROS_MAX, 0, other)
  t.deepEqual(nextStamp(ahead, 0, mine, ahead), E.right(at(10 * STAMP_SKEW_MICROS_MAX, 1)))
})

test('after the last stamp there is none', (t) => {
  t.deepEqual(nextStamp(at(MICROS_MAX, 0xffff), 0, mine), E.left({ _tag: 'StampsExhausted' }))
})

test('stamps of one moment are ordered by who stamped', (t) => {
  t.true(compareStamps(at(5, 1, mine), at(5, 1, other)) < 0)
  t.is(compareStamps(at(5), at(5)), 0)
})

test('a stamp is read as it was written, and is one', (t) => {
  t.deepEqual(readStamp(at(MICROS_MAX, 0xffff, other)), { micros: MICROS_MAX, counter: 0xffff, hsmId: other })
  t.true(StampCodec.is(at(0)))
})
