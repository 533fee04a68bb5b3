import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type NatsServer, startNatsServer } from './nats-server.ts'

/** A port that was free a moment ago: the members must know each other's before they start. */
const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Three real servers that keep one JetStream between them. */
export const startNatsCluster = async (binary: string): Promise<ReadonlyArray<NatsServer>> => {
  const ports = await Promise.all([freePort(), freePort(), freePort()])
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')
  return Promise.all(
    ports.map((port, i) =>
      startNatsServer({
        binary,
        configuration: `
          server_name: "nats-${i}"
          cluster { name: "hsmlab", listen: "127.0.0.1:${port}", routes: [${routes}] }
        `,
      }),
    ),
  )
}
