import { subject } from '../bus.ts'
import type { BusTest, OpenBus } from './bus-test.ts'
import { datagramsContract } from './datagrams.ts'
import { feedContract } from './feed.ts'
import { requestsContract } from './requests.ts'
import type { Test } from './test-face.ts'

/** What every bus must do. `open` gives a fresh bus, or one shared by tests: subjects do not meet. */
export const busContract = (test: Test, open: OpenBus): void => {
  let tests = 0
  const busTest: BusTest = (title, check) => {
    tests += 1
    const at = subject('contract', `t${tests}`)
    test(title, async (t) => {
      const bus = await open()
      t.teardown(bus.close)
      await check(t, bus, at)
    })
  }
  requestsContract(busTest)
  datagramsContract(busTest)
  feedContract(busTest)
}
