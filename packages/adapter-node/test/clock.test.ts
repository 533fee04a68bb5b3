import test from 'ava'
import { sleep } from '@hsmlab/ports'
import { clockContract } from '@hsmlab/ports/contract'
import { systemClock } from '../src/index.ts'

clockContract(test, () => ({
  clock: systemClock,
  // Late timers of one delay run together, before those of another that were due earlier; after this turn all have run.
  pass: (millis) => new Promise((resolve) => void setTimeout(() => void setImmediate(resolve), millis + 1)),
}))

test('wall time stays within a few milliseconds of the operating system', async (t) => {
  for (let i = 0; i < 5; i++) {
    t.true(Math.abs(systemClock.wallMicros() / 1000 - Date.now()) < 5)
    await sleep(systemClock, 2)
  }
})

test('a delay longer than setTimeout can hold does not run at once', async (t) => {
  let ran = false
  const cancel = systemClock.after(2 ** 33, () => void (ran = true))
  await sleep(systemClock, 5)
  t.false(ran)
  cancel()
})
