import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A real server on free ports, with a folder of its own that goes when it is stopped. */
export type NatsServer = Readonly<{
  /** `nats://127.0.0.1:port`; the same after a restart. */
  url: string
  /** `http://127.0.0.1:port` */
  monitor: string
  /** Where its configuration and its store lie. */
  folder: string
  /** kill -9 */
  kill: () => Promise<void>
  /** Kills it if it runs, and starts it on its ports and its files, with other settings where some are given. */
  restart: (changes?: Partial<NatsServerOptions>) => Promise<void>
  /** Stops its process where it stands (SIGSTOP), and lets it go on. */
  freeze: () => void
  thaw: () => void
  stop: () => Promise<void>
}>

export type NatsServerOptions = Readonly<{
  binary: string
  /** `always` (default) or a time such as `2m`, which is what the product refuses. */
  syncInterval?: string
  /** Further lines of configuration. */
  configuration?: string
}>

/** No server outlives the tests that started it. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

type Ports = Readonly<{ client: number; monitor: number }>

const READY = /Server is ready/
const READY_WITHIN_MILLIS = 20_000

const portOf = (addresses: unknown): number => {
  const address: unknown = Array.isArray(addresses) ? addresses[0] : undefined
  return Number(new URL(String(address)).port)
}

const configurationOf = (
  folder: string,
  { syncInterval = 'always', configuration = '' }: NatsServerOptions,
  ports: Ports,
) => `
host: "127.0.0.1"
port: ${ports.client}
http: "127.0.0.1:${ports.monitor}"
ports_file_dir: "${folder}"
jetstream { store_dir: "${join(folder, 'js')}", sync_interval: ${syncInterval}, max_file_store: 1GB }
${configuration}
`

/** Resolves when the server says that it is ready; rejects with its last words when it ends first. */
const untilReady = async (child: ChildProcess): Promise<void> => {
  const said: string[] = []
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_WITHIN_MILLIS)
  if (child.stderr === null) throw new Error('nats-server was started without stderr')
  for await (const line of createInterface(child.stderr)) {
    said.push(line)
    if (!READY.test(line)) continue
    clearTimeout(timer)
    child.stderr.resume()
    return
  }
  throw new Error(`nats-server did not start: ${said.slice(-5).join('\n')}`)
}

const readPorts = async (folder: string, child: ChildProcess): Promise<Ports> => {
  const file = join(folder, `nats-server_${child.pid}.ports`)
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (!text.endsWith('}')) {
      await new Promise((resolve) => void setTimeout(resolve, 5))
      continue
    }
    const { nats, monitoring } = JSON.parse(text) as Record<string, unknown>
    return { client: portOf(nats), monitor: portOf(monitoring) }
  }
}

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

export const startNatsServer = async (options: NatsServerOptions): Promise<NatsServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-nats-'))
  const file = join(folder, 'nats.conf')

  const launch = async (ports: Ports, changes: Partial<NatsServerOptions> = {}): Promise<ChildProcess> => {
    await writeFile(file, configurationOf(folder, { ...options, ...changes }, ports))
    const child = spawn(options.binary, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    await Promise.race([untilReady(child), once(child, 'error').then(([error]) => Promise.reject(error as Error))])
    return child
  }

  let child = await launch({ client: -1, monitor: -1 })
  const ports = await readPorts(folder, child)
  return {
    url: `nats://127.0.0.1:${ports.client}`,
    monitor: `http://127.0.0.1:${ports.monitor}`,
    folder,
    kill: () => end(child),
    restart: async (changes) => {
      await end(child)
      child = await launch(ports, changes)
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: async () => {
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
