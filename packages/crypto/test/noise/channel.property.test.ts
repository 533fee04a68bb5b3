import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import { type Channel, channel, FRAME_OVERHEAD_BYTES } from '../../src/index.ts'
import { nobleEngine } from '../../src/noble/index.ts'
import { seededRandom } from '../seeded-random.ts'

const primitives = nobleEngine({ random: seededRandom('channel') })
const keys = { sendKey: new Uint8Array(32).fill(1), receiveKey: new Uint8Array(32).fill(2) }
const mirrored = { sendKey: keys.receiveKey, receiveKey: keys.sendKey }
const ends = (): readonly [Channel, Channel] => [channel(primitives, keys), channel(primitives, mirrored)]

const plaintext = fc.uint8Array({ maxLength: 40, size: 'max' })

testProp(
  'what one end seals, the other opens, losses or not',
  [fc.array(fc.tuple(plaintext, fc.boolean()), { minLength: 1 })],
  (t, sent) => {
    const [near, far] = ends()
    for (const [message, isLost] of sent) {
      const frame = near.seal(message)
      t.is(frame.length, message.length + FRAME_OVERHEAD_BYTES)
      if (!isLost) t.deepEqual(far.open(frame), message)
    }
  },
)

testProp(
  'a header goes in front of a frame where there is room for it',
  [plaintext, fc.nat(20)],
  (t, message, before) => {
    const [near, far] = ends()
    const frame = near.seal(message, Uint8Array.of(7), before)
    t.deepEqual([...frame.subarray(0, before)], Array<number>(before).fill(0))
    t.deepEqual(far.open(frame.subarray(before), Uint8Array.of(7)), message)
  },
)

testProp(
  'in any order of delivery a frame opens once, and never after a later one',
  [fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 30 })],
  (t, order) => {
    const [near, far] = ends()
    const frames = Array.from({ length: 10 }, (_, i) => near.seal(Uint8Array.of(i)))
    let highest = -1
    for (const i of order) {
      const opened = far.open(frames[i]!)
      t.deepEqual(opened, i > highest ? Uint8Array.of(i) : undefined)
      highest = Math.max(highest, i)
    }
  },
)

testProp(
  'random bytes never open, and never harm',
  [fc.array(fc.uint8Array({ maxLength: 60, size: 'max' }))],
  (t, garbage) => {
    const [near, far] = ends()
    for (const bytes of garbage) t.is(far.open(bytes), undefined)
    t.deepEqual(far.open(near.seal(Uint8Array.of(1))), Uint8Array.of(1))
  },
)

testProp(
  'a frame with any bit changed does not open',
  [plaintext, fc.nat(), fc.nat({ max: 7 })],
  (t, message, at, bit) => {
    const [near, far] = ends()
    const frame = near.seal(message)
    const altered = Uint8Array.from(frame)
    const index = at % frame.length
    altered[index] = altered[index]! ^ (1 << bit)
    t.is(far.open(altered), undefined)
    t.deepEqual(far.open(frame), message)
  },
)

test('a forged counter far ahead does not shut out the frames that follow', (t) => {
  const [near, far] = ends()
  const forged = near.seal(Uint8Array.of(1))
  forged[1] = 200
  t.is(far.open(forged), undefined)
  t.deepEqual(far.open(near.seal(Uint8Array.of(2))), Uint8Array.of(2))
})

test('a frame does not open at the end that sealed it, nor under other associated data', (t) => {
  const [near, far] = ends()
  const frame = near.seal(Uint8Array.of(1), Uint8Array.of(7))
  t.is(near.open(frame), undefined)
  t.is(far.open(frame), undefined)
  t.deepEqual(far.open(frame, Uint8Array.of(7)), Uint8Array.of(1))
})
