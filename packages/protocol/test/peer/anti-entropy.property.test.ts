import { fc, testProp } from '@fast-check/ava'
import { keyTable } from '@hsmlab/domain'
import { entriesOfOneHandle } from '@hsmlab/domain/arbitrary'
import { insertAll, pull } from './peers.ts'

const table = fc.array(entriesOfOneHandle(4), { maxLength: 3 })

testProp('after each has pulled, two HSMs hold the same bytes', [table], (t, keys) => {
  const mine = keyTable()
  const theirs = keyTable()
  for (const entries of keys) {
    insertAll(mine, entries.slice(0, 2))
    insertAll(theirs, entries.slice(2))
  }
  pull(mine, theirs)
  pull(theirs, mine)
  t.deepEqual(mine.digest(), theirs.digest())
})
