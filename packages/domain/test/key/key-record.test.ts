import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { canonicalJson } from '@hsmlab/event-sourcing'
import { KeyRecord, sharedWith, type Stamp } from '../../src/index.ts'
import { alice, record, stampAt } from '../hsm/samples.ts'

const sharesOf = (names: ReadonlyArray<string>) =>
  Object.fromEntries(names.map((name, i) => [name, { shared: true, stamp: stampAt(i + 1) }]))

test('a share is read back whatever the user is called', (t) => {
  const written = record(9, alice, {
    shares: sharesOf(['bob', '__proto__', 'constructor', 'tostring']),
    seen: { 'hsm-aaaaaaaaaaa': stampAt(4) },
  })
  const text = canonicalJson(KeyRecord.encode(written))
  const read = KeyRecord.decode(JSON.parse(text))
  if (E.isLeft(read)) return t.fail('the record was not read')
  t.is(canonicalJson(KeyRecord.encode(read.right)), text)
  t.deepEqual(sharedWith(read.right) as ReadonlyArray<string>, ['__proto__', 'bob', 'constructor', 'tostring'])
})

test('what is no stamp is no record', (t) => {
  const broken = { ...record(9, alice), seen: { 'hsm-aaaaaaaaaaa': 'yesterday' as Stamp } }
  t.true(E.isLeft(KeyRecord.decode(JSON.parse(JSON.stringify(broken)))))
})
