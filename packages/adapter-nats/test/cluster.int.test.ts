import test from 'ava'
import { subject } from '@hsmlab/ports'
import { connect } from 'nats'
import { startNatsCluster } from '../src/testing/index.ts'
import { binary, followUntil, openBus, tagOf } from './support/real-server.ts'

const log = subject('log', 'cluster-a', 'hsm-a')
/** Three servers elect a leader for the cluster and one for the stream: seconds, on a machine under load. */
const connectWithinMillis = 60_000
const entry = (position: number) => ({ from: position, to: position, message: Uint8Array.of(position) })

const server = binary
if (server === undefined) {
  test('the feed on three servers is left out: there is no nats-server', (t) => t.pass())
} else {
  test('with three servers each keeps every entry, and whoever follows at another one gets it', async (t) => {
    const servers = await startNatsCluster(server)
    for (const { stop } of servers) t.teardown(stop)
    const [first, second] = servers
    if (first === undefined || second === undefined) return t.fail('the cluster has too few servers')
    const urls = servers.map(({ url }) => url)
    const monitors = servers.map(({ monitor }) => monitor)

    const near = await openBus(first, { servers: urls, monitors, connectWithinMillis })
    const far = await openBus(second, { servers: [second.url], monitors, connectWithinMillis })
    t.teardown(near.close)
    t.teardown(far.close)
    for (const position of [0, 1, 2]) t.is(tagOf(await near.publish(log, entry(position))()), 'right')
    t.deepEqual(await followUntil(far, log, 0, 2), [0, 1, 2])

    const nats = await connect({ servers: first.url })
    t.teardown(() => nats.close())
    const { config, cluster } = await (await nats.jetstreamManager({ timeout: 30_000 })).streams.info('hsmlab-feed')
    t.is(config.num_replicas, 3)
    const keepers = [cluster?.leader ?? '', ...(cluster?.replicas ?? []).map(({ name }) => name)]
    t.deepEqual(
      keepers.toSorted((a, b) => a.localeCompare(b)),
      ['nats-0', 'nats-1', 'nats-2'],
    )
  })
}
