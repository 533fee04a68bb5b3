import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'

export type ServiceName = 'controller' | 'hsm-node' | 'audit-sink' | 'client-proxy'

export type ServiceProcessPart = Readonly<{
  service: ServiceName
  /** What people call it: the service, and its zone. */
  title: string
  environment: Readonly<Record<string, string>>
  /** Where its log lines go. */
  logFile: string
  /** It ended though nobody asked it to. */
  onDeath: (title: string) => void
}>

/** One service of the product in a process of its own. */
export interface ServiceProcess {
  readonly title: string
  readonly pid: () => number | undefined
  /** Left: what the service said that kept it from starting. */
  readonly start: () => Promise<E.Either<string, void>>
  readonly stop: () => Promise<void>
  /** SIGKILL. */
  readonly kill: () => Promise<void>
}

/** Services are started by path: nothing imports them. */
const mainOf = (service: ServiceName): string =>
  fileURLToPath(new URL(`../../../../../services/${service}/dist/src/main.js`, import.meta.url))

const STOP_MILLIS_MAX = 10_000
/** What is kept of standard error, to say why a service did not start. */
const COMPLAINT_SIZE_MAX = 4096

export const serviceProcess = (part: ServiceProcessPart): ServiceProcess => {
  let child: ChildProcess | undefined
  let wasReady = false

  const died = async (dead: ChildProcess, closeLog: () => Promise<void>): Promise<void> => {
    await closeLog()
    if (child !== dead) return
    child = undefined
    part.onDeath(part.title)
  }

  const start = async (): Promise<E.Either<string, void>> => {
    await mkdir(dirname(part.logFile), { recursive: true, mode: 0o700 })
    const log = await open(part.logFile, 'a', 0o600)
    const started = fork(mainOf(part.service), [], {
      // Only its very first start may make logs: later a missing one is a failure.
      env: { ...process.env, ...part.environment, ...(wasReady ? { HSMLAB_NEW: 'false' } : {}) },
      stdio: ['ignore', log.fd, 'pipe', 'ipc'],
    })
    child = started
    let complaint = ''
    started.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-COMPLAINT_SIZE_MAX)
      void log.write(chunk)
    })
    const exited = once(started, 'exit')
    const ready = once(started, 'message')
    const first = await Promise.race([ready.then(() => 'ready' as const), exited.then(() => 'exited' as const)])
    if (first === 'ready') {
      wasReady = true
      void exited.then(() => died(started, () => log.close()))
      return E.right(undefined)
    }
    await log.close()
    child = undefined
    return E.left(complaint.trim() === '' ? `${part.title} ended before it was ready` : complaint.trim())
  }

  /** Takes the process out of our hands first, so that its end is no death. */
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill(signal)
    const late = setTimeout(() => ending.kill('SIGKILL'), STOP_MILLIS_MAX)
    await exited
    clearTimeout(late)
  }

  return {
    title: part.title,
    pid: () => child?.pid,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
