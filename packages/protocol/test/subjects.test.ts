import test from 'ava'
import { subjects } from '../src/index.ts'

const names: ReadonlyArray<string> = Object.entries(subjects).map(([, subject]) =>
  typeof subject === 'string' ? subject : subject('id-1', 'id-2'),
)

test('no two of the product meet under one name by mistake', (t) => {
  t.is(new Set(names).size, names.length)
})

test('names are NATS subjects: tokens of letters, digits and dashes, no wildcard', (t) => {
  for (const name of names) t.regex(name, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
})

test('an address is one token', (t) => {
  t.is(subjects.helloAt('10.0.0.12'), 'eni.10-0-0-12.hello')
})
