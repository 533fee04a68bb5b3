import test from 'ava'
import { randomContract } from '../../src/contract/random.ts'
import { seededRandom } from '../../src/memory/seeded-random.ts'

randomContract(test, () => seededRandom(1))

test('the same seed gives the same bytes, on every machine', (t) => {
  t.deepEqual(seededRandom('seed').bytes(40), seededRandom('seed').bytes(40))
  t.is(Buffer.from(seededRandom(42).bytes(8)).toString('hex'), 'a6e83921cf729bfa')
})

test('neighbouring seeds give different bytes', (t) => {
  const answers = Array.from({ length: 1000 }, (_, seed) => seededRandom(seed).bytes(8).join())
  t.is(new Set(answers).size, 1000)
})
