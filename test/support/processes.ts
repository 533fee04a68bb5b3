import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from './patience.ts'

/** A process that is gone while we look reads as nothing. */
const about = (pid: string, what: string): Promise<string> => readFile(join('/proc', pid, what), 'utf8').catch(() => '')

/** proc(5): `pid (name) state ppid …`, and a name may hold anything. */
const parentOf = (stat: string): number => Number(/^.*\) \S (\d+) /s.exec(stat)?.[1] ?? NaN)

const SERVICE = /\/services\/([a-z-]+)\/dist\/bundle\/main\.js\0/
const ZONE = /(?:^|\0)HSMLAB_ZONE=([^\0]+)/

/** The services among the children of a process, by name and zone: `hsm-node us-east-1a`. */
export const servicesOf = async (parent: number | undefined): Promise<ReadonlyMap<string, number>> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const services = new Map<string, number>()
  for (const pid of pids) {
    if (parentOf(await about(pid, 'stat')) !== parent) continue
    const service = SERVICE.exec(await about(pid, 'cmdline'))?.[1]
    if (service === undefined) continue
    const zone = service === 'hsm-node' ? ZONE.exec(await about(pid, 'environ'))?.[1] : undefined
    services.set(zone === undefined ? service : `${service} ${zone}`, Number(pid))
  }
  return services
}

/** kill -9 of one service; resolves when another process has taken its place. */
export const killService = async (parent: number | undefined, name: string): Promise<void> => {
  const killed = (await servicesOf(parent)).get(name)
  if (killed === undefined) throw new Error(`there is no ${name}`)
  process.kill(killed, 'SIGKILL')
  await until(
    async () => (await servicesOf(parent)).get(name),
    (pid) => pid !== undefined && pid !== killed,
  )
}
