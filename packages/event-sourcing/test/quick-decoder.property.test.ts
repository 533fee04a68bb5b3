import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Base64Codec, quickDecoder } from '../src/index.ts'

/** Lower case only, and whoever writes otherwise meant that. */
const Name = new t.Type<string, string>(
  'Name',
  (u): u is string => typeof u === 'string' && u === u.toLowerCase(),
  (u, context) => (typeof u === 'string' ? t.success(u.toLowerCase()) : t.failure(u, context)),
  (name) => name,
)

type Cut = Readonly<{ a?: unknown }>
/** A codec made by hand whose `is` does not tell that its `decode` takes members away. */
const Cut = new t.Type<Cut, Cut>(
  'Cut',
  t.UnknownRecord.is,
  (u, context) => {
    if (!t.UnknownRecord.is(u)) return t.failure(u, context)
    return t.success('a' in u ? { a: u['a'] } : {})
  },
  t.identity,
)

const Part = t.intersection([t.strict({ size: t.number, name: Name }), t.exact(t.partial({ bytes: Base64Codec }))])
const Whole = t.strict({
  kind: t.keyof({ a: null, b: null }),
  parts: t.readonlyArray(Part),
  byName: t.record(t.string, t.strict({ on: t.boolean })),
  cut: Cut,
  one: t.union([t.string, t.null]),
  /** A member that the first fits would be cut down to it. */
  either: t.union([t.strict({ x: t.number }), t.strict({ x: t.number, y: t.number })]),
  rest: t.unknown,
})
const decode = quickDecoder(Whole)

const part = fc.record(
  { size: fc.integer(), name: fc.constantFrom('n', 'N', ''), bytes: fc.constantFrom('AA==', 'AA', '') },
  { requiredKeys: ['size', 'name'] },
)
const whole = fc.record({
  kind: fc.constantFrom('a', 'b'),
  parts: fc.array(part, { maxLength: 3 }),
  byName: fc.dictionary(fc.string(), fc.record({ on: fc.boolean() })),
  cut: fc.constantFrom({}, { a: 1 }, { a: 1, more: 2 }),
  one: fc.constantFrom('x', null),
  either: fc.constantFrom({ x: 1 }, { x: 1, y: 2 }),
  rest: fc.jsonValue(),
})

/** Puts `stray` at one place of a JSON value, where something else, or nothing, was before. */
const spoilt = (value: unknown, stray: unknown, choose: (count: number) => number): unknown => {
  if (typeof value !== 'object' || value === null || choose(4) === 0) return stray
  const entries = Object.entries(value)
  const at = choose(entries.length + 1)
  const changed = entries.map(([key, member], i) => [key, i === at ? spoilt(member, stray, choose) : member] as const)
  if (Array.isArray(value)) return [...changed.map(([, member]) => member), ...(at === entries.length ? [stray] : [])]
  return Object.fromEntries(at === entries.length ? [...changed, ['more', stray]] : changed)
}

testProp('a quick decoder says what its codec says, of what fits', [whole], (assert, value) => {
  assert.deepEqual(decode(value), Whole.decode(value))
})

testProp(
  'and of what fits nearly',
  [whole, fc.oneof(fc.jsonValue(), part), fc.infiniteStream(fc.nat())],
  (assert, value, stray, choices) => {
    const choose = (count: number): number => Number(choices.next().value) % count
    const broken = spoilt(value, stray, choose)
    const [quick, slow] = [decode(broken), Whole.decode(broken)]
    assert.is(E.isRight(quick), E.isRight(slow))
    if (E.isRight(quick)) assert.deepEqual(quick, slow)
    else assert.deepEqual(pathsOf(quick.left), pathsOf(E.isLeft(slow) ? slow.left : []))
  },
)

const pathsOf = (errors: t.Errors) => errors.map(({ context }) => context.map(({ key }) => key).join('.'))

test('what fits is handed on, not copied', (assert) => {
  const value = { kind: 'a', parts: [], byName: {}, cut: {}, one: null, either: { x: 1 }, rest: 1 }
  const simple = { size: 1, name: 'n' }
  assert.is(E.toUnion(quickDecoder(Part)(simple)), simple)
  assert.deepEqual(decode(value), E.right(value as t.TypeOf<typeof Whole>))
})
