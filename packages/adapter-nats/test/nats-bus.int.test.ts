import test from 'ava'
import { busContract } from '@hsmlab/ports/contract'
import { binary, openBus } from './support/real-server.ts'
import { startNatsServer } from '../src/testing/index.ts'

if (binary === undefined) {
  test('the bus contract is left out: there is no nats-server', (t) => t.pass())
} else {
  const server = await startNatsServer({ binary })
  test.after.always(server.stop)

  busContract(test, async () => {
    const [near, far] = await Promise.all([openBus(server), openBus(server)])
    return {
      near,
      far,
      settle: async () => {
        await near.flush()
        await far.flush()
        await near.flush()
      },
      pass: () => Promise.resolve(),
      close: async () => {
        await Promise.all([near.close(), far.close()])
      },
    }
  })
}
