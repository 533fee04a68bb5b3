import type { Random } from '../random.ts'
import type { Test } from './test-face.ts'

/** What every generator must do. It finds a broken one; it does not prove a good one. */
export const randomContract = (test: Test, open: () => Random): void => {
  test('as many bytes come as were asked for', async (t) => {
    const random = open()
    for (const count of [0, 1, 3, 32, 100_001]) t.is(random.bytes(count).length, count)
  })

  test('no two answers are the same', async (t) => {
    const random = open()
    const answers = Array.from({ length: 1000 }, () => random.bytes(16).join())
    t.is(new Set(answers).size, 1000)
  })

  test('the caller owns the bytes', async (t) => {
    const random = open()
    const first = random.bytes(32)
    const kept = first.join()
    const second = random.bytes(32)
    second.fill(0)
    t.is(first.join(), kept)
    t.not(random.bytes(32).join(), second.join())
  })

  test('all values and all bits are about as frequent', async (t) => {
    const bytes = open().bytes(256 * 256)
    const frequency = new Uint32Array(256)
    for (const byte of bytes) frequency[byte] = (frequency[byte] ?? 0) + 1
    // 256 expected, standard deviation 16: eight deviations are never seen.
    t.true(Math.min(...frequency) > 128)
    t.true(Math.max(...frequency) < 384)
  })
}
