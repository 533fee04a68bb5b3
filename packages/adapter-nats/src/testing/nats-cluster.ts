import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { type NatsServer, startNatsServer } from './nats-server.ts'

/** Below the range from which the system hands out ports: nobody gets ours between the probe and the start. */
const PORT_MIN = 20_000
const PORT_MAX = 32_000

/** The members must know each other's ports before they start. */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(PORT_MIN, PORT_MAX)
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (isFree) return port
  }
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
