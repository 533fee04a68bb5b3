import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { memoryLogger } from '@hsmlab/ports/memory'
import * as E from 'fp-ts/lib/Either.js'
import { connect, StorageType } from 'nats'
import { describeStartFailure, natsBus, type NatsBusOptions } from '../src/index.ts'
import { binary, busFor, optionsFor, serverFor } from './support/real-server.ts'

/** Why a bus with `options` does not start, in words for whoever started it. */
const refusal = async (t: ExecutionContext, options: NatsBusOptions): Promise<readonly [string, string]> => {
  const opened = await natsBus(options)()
  if (E.isRight(opened)) {
    await opened.right.close()
    t.fail('the bus has started')
    return ['right', '']
  }
  return [opened.left._tag, describeStartFailure(opened.left)]
}

/** A server that only introduces itself. */
const fakeServer = async (t: ExecutionContext, info: Readonly<Record<string, unknown>>): Promise<string> => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write(
      `INFO ${JSON.stringify({ server_id: 'FAKE', proto: 1, headers: true, max_payload: 1_048_576, ...info })}\r\n`,
    )
    socket.on('data', (bytes) => {
      if (bytes.includes('PING')) socket.write('PONG\r\n')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `nats://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const fakeOptions = (server: string): NatsBusOptions => ({
  servers: [server],
  name: 'test',
  logger: memoryLogger(),
  connectWithinMillis: 300,
})

test('a server older than 2.10.23 is refused by its version', async (t) => {
  const server = await fakeServer(t, { version: '2.9.10', jetstream: true })
  const [tag, message] = await refusal(t, fakeOptions(server))
  t.is(tag, 'NatsTooOld')
  t.regex(message, /version 2\.9\.10: 2\.10\.23 or newer is needed/)
})

test('a server without JetStream is refused, unless no feed is wanted', async (t) => {
  const server = await fakeServer(t, { version: '2.10.27' })
  const [tag, message] = await refusal(t, fakeOptions(server))
  t.is(tag, 'JetStreamMissing')
  t.regex(message, /jetstream \{ store_dir: "…", sync_interval: always \}/)
  const bus = await natsBus({ ...fakeOptions(server), feed: false })()
  t.true(E.isRight(bus))
  if (E.isRight(bus)) await bus.right.close()
})

test('a server that takes only small messages is refused', async (t) => {
  const server = await fakeServer(t, { version: '2.10.27', jetstream: true, max_payload: 65_536 })
  const [tag, message] = await refusal(t, fakeOptions(server))
  t.is(tag, 'NatsMessagesTooSmall')
  t.regex(message, /max_payload/)
})

test('an address without a server is refused in the time that was given', async (t) => {
  const [tag, message] = await refusal(t, fakeOptions('nats://127.0.0.1:1'))
  t.is(tag, 'NatsUnreachable')
  t.regex(message, /^No NATS server answers at nats:\/\/127\.0\.0\.1:1/)
})

test('something that is no NATS server is refused', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const [tag] = await refusal(t, fakeOptions(`nats://127.0.0.1:${(server.address() as AddressInfo).port}`))
  t.is(tag, 'NatsUnreachable')
})

const realTest = binary === undefined ? undefined : test

realTest?.('a server that syncs every two minutes is refused', async (t) => {
  const server = await serverFor(t, { syncInterval: '2m' })
  const [tag, message] = await refusal(t, optionsFor(server))
  t.is(tag, 'JetStreamNotSynced')
  t.regex(message, /acknowledges messages before they are on its disk.*sync_interval: always/)
})

realTest?.('a server whose monitoring page is not to be found is refused', async (t) => {
  const server = await serverFor(t)
  const [tag, message] = await refusal(t, { ...optionsFor(server), monitors: ['http://127.0.0.1:1'] })
  t.is(tag, 'JetStreamUnproven')
  t.regex(message, /its \/varz page is not at http:\/\/127\.0\.0\.1:1.*http_port: 8222/)
})

realTest?.('the monitoring page of another server proves nothing', async (t) => {
  const [server, other] = await Promise.all([serverFor(t), serverFor(t)])
  const [tag, message] = await refusal(t, { ...optionsFor(server), monitors: [other.monitor] })
  t.is(tag, 'JetStreamUnproven')
  t.regex(message, /none of them shows this server/)
})

realTest?.('without a feed no proof is asked for', async (t) => {
  const server = await serverFor(t, { syncInterval: '2m' })
  const bus = await busFor(t, server, { feed: false })
  t.true(bus.isConnected())
})

realTest?.('a wrong password is refused at once, and stands in no message', async (t) => {
  const server = await serverFor(t, { configuration: 'authorization { user: "hsm", password: "canary-right" }' })
  const wrong = { ...optionsFor(server), user: { name: 'hsm', password: 'canary-wrong' } }
  const [tag, message] = await refusal(t, wrong)
  t.is(tag, 'NatsRefused')
  t.notRegex(message, /canary/)
  const bus = await busFor(t, server, { user: { name: 'hsm', password: 'canary-right' } })
  t.true(bus.isConnected())
})

realTest?.('a stream of our name that may lose entries is refused by the setting that differs', async (t) => {
  const server = await serverFor(t)
  const nats = await connect({ servers: server.url })
  t.teardown(() => nats.close())
  const manager = await nats.jetstreamManager()
  await manager.streams.add({ name: 'hsmlab-feed', subjects: ['hsmlab-feed.>'], storage: StorageType.File })
  const [tag, message] = await refusal(t, optionsFor(server))
  t.is(tag, 'FeedMisconfigured')
  t.regex(message, /discard is "old", not "new"/)
})

realTest?.('the stream is kept in files, refuses when full, and lets nobody delete or replace', async (t) => {
  const server = await serverFor(t)
  await busFor(t, server)
  const nats = await connect({ servers: server.url })
  t.teardown(() => nats.close())
  const { config } = await (await nats.jetstreamManager()).streams.info('hsmlab-feed')
  const { storage, discard, retention, deny_delete, deny_purge, allow_rollup_hdrs, allow_direct, num_replicas } = config
  t.like(
    { storage, discard, retention, deny_delete, deny_purge },
    {
      storage: 'file',
      discard: 'new',
      retention: 'limits',
      deny_delete: true,
      deny_purge: true,
    },
  )
  t.deepEqual([allow_rollup_hdrs, allow_direct, num_replicas, config.max_age], [false, false, 1, 0])
})
