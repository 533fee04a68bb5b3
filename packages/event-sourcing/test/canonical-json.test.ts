import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import { canonicalJson, type Json } from '../src/index.ts'

test('members stand in the order of their UTF-16 code units', (t) => {
  t.is(canonicalJson({ b: 1, a: 2, B: 3, 'a b': 4, '': 5 }), '{"":5,"B":3,"a":2,"a b":4,"b":1}')
})

test('the order of RFC 8785 §3.2.3', (t) => {
  const value = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  const names = [...canonicalJson(value).matchAll(/:"([^"]*)"/g)].map(([, name]) => name)
  t.deepEqual(names, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ])
})

test('the numbers, strings and literals of RFC 8785 §3.2.2', (t) => {
  const value = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  }
  t.is(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

test('members that look like numbers are sorted as text, though objects list them by value', (t) => {
  t.is(canonicalJson({ 9: 'nine', 10: 'ten' }), '{"10":"ten","9":"nine"}')
})

test('members that are undefined are left out, wherever they stand', (t) => {
  t.is(canonicalJson({ a: undefined, b: 1, c: undefined }), '{"b":1}')
  t.is(canonicalJson({ b: undefined, a: 1 }), '{"a":1}')
  t.is(canonicalJson([{ a: undefined }]), '[{}]')
})

test('a member called __proto__ is a member', (t) => {
  const parsed = JSON.parse('{"z":1,"__proto__":{"b":1,"a":2}}') as Json
  t.is(canonicalJson(parsed), '{"__proto__":{"a":2,"b":1},"z":1}')
})

test('numbers that JSON cannot say break an invariant, however deep they stand', (t) => {
  for (const value of [
    Number.NaN,
    Infinity,
    [-Infinity],
    { a: Number.NaN },
    { b: 1, a: [Infinity] },
  ] as ReadonlyArray<Json>) {
    t.throws(() => canonicalJson(value), { message: /finite/ })
  }
})

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>

const shuffle = (value: Json): Json => {
  if (Array.isArray(value)) return (value as ReadonlyArray<Json>).map(shuffle)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, shuffle(member ?? null)]),
  )
}

testProp('the text does not depend on the order in which members were set', [json], (t, value) => {
  t.is(canonicalJson(shuffle(value)), canonicalJson(value))
})

testProp('the text says the value', [json], (t, value) => {
  t.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))
})

testProp('writing what was read gives the same text', [json], (t, value) => {
  const text = canonicalJson(value)
  t.is(canonicalJson(JSON.parse(text) as Json), text)
})
