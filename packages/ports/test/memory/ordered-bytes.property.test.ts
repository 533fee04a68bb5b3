import { fc, testProp } from '@fast-check/ava'
import { compareBytes, orderedBytes } from '../../src/memory/ordered-bytes.ts'

const shortKey = fc.uint8Array({ maxLength: 2, max: 3 })
const change = fc.record({ key: shortKey, value: fc.option(fc.uint8Array({ maxLength: 2 }), { nil: undefined }) })
const manyChanges = fc.array(change, { maxLength: 60, size: 'max' })

testProp('ordered bytes are a map with sorted keys', [manyChanges, shortKey, shortKey], (t, changes, from, to) => {
  const ordered = orderedBytes()
  const model = new Map<string, ReadonlyArray<number>>()
  for (const { key, value } of changes) {
    if (value === undefined) ordered.del(key)
    else ordered.put(key, value)
    if (value === undefined) model.delete([...key].join())
    else model.set([...key].join(), [...value])
  }
  for (const { key } of changes) {
    const value = ordered.get(key)
    t.deepEqual(value && [...value], model.get([...key].join()))
  }
  const everything = ordered.range({ from: Uint8Array.of(), to: Uint8Array.of(9) }).map(({ key }) => key)
  t.is(everything.length, model.size)
  t.deepEqual(everything, [...everything].sort(compareBytes))
  const within = everything.filter((key) => compareBytes(key, from) >= 0 && compareBytes(key, to) < 0)
  t.deepEqual(
    ordered.range({ from, to }).map(({ key }) => key),
    within,
  )
  const backwards = ordered.copy().range({ from, to, reverse: true, limit: 2 })
  t.deepEqual(
    backwards.map(({ key }) => key),
    [...within].reverse().slice(0, 2),
  )
})
