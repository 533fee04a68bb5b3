import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { compareStamps, nextStamp, readStamp, StampCodec, writeStamp } from '../../src/index.ts'
import { closeStamp, hsmId, stamp } from '../../src/arbitrary/index.ts'

const anyStamp = fc.oneof(stamp, closeStamp)

testProp(
  'a new stamp lies strictly above what the log and the client know',
  [fc.option(anyStamp, { nil: undefined }), fc.double({ noNaN: true }), hsmId, fc.option(anyStamp, { nil: undefined })],
  (t, last, wall, stamper, seen) => {
    const next = nextStamp(last, wall, stamper, seen)
    fc.pre(E.isRight(next))
    t.true(StampCodec.is(next.right))
    t.true(last === undefined || compareStamps(next.right, last) > 0)
    t.true(seen === undefined || compareStamps(next.right, seen) > 0)
    t.is(readStamp(next.right).hsmId, stamper)
  },
)

testProp('a stamp survives reading and writing', [anyStamp], (t, any) => {
  t.is(writeStamp(readStamp(any)), any)
})

testProp(
  'the text order of stamps is the order of time, counter and stamper',
  [anyStamp, anyStamp],
  (t, one, other) => {
    const [a, b] = [readStamp(one), readStamp(other)]
    const byParts = a.micros - b.micros || a.counter - b.counter || (a.hsmId < b.hsmId ? -1 : a.hsmId > b.hsmId ? 1 : 0)
    t.is(Math.sign(compareStamps(one, other)), Math.sign(byParts))
  },
)
