import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { findAbove } from '@hsmlab/adapter-node/local'
import type { Logger } from '@hsmlab/ports'

export type ServiceName = 'controller' | 'hsm-node' | 'audit-sink' | 'client-proxy'

export type ServiceProcessPart = Readonly<{
  service: ServiceName
  /** What people call it: the service, and its zone. */
  title: string
  /** Asked at each start. */
  environment: () => Readonly<Record<string, string>>
  /** Where its log lines go. */
  logFile: string
  logger: Logger
}>

/** One service of the product in a process of its own. Once it has run, it is started again whenever it dies. */
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
const mainOf = (service: ServiceName): string => findAbove(import.meta.url, `services/${service}/dist/bundle/main.js`)

const STOP_MILLIS_MAX = 10_000
/** What is kept of standard error, to say why a service did not start. */
const COMPLAINT_SIZE_MAX = 4096
/** Between two attempts to bring back what died. */
const REVIVE_MILLIS = 1000

export const serviceProcess = (part: ServiceProcessPart): ServiceProcess => {
  let child: ChildProcess | undefined
  let wasReady = false
  /** How often somebody said what it is to do. What was begun before the last word is not wanted any more. */
  let orders = 0

  /** While NATS is away nothing starts: it is tried until it succeeds, or until somebody decides otherwise. */
  const died = async (dead: ChildProcess, closeLog: () => Promise<void>): Promise<void> => {
    await closeLog()
    if (child !== dead) return
    child = undefined
    const order = orders
    part.logger.log('warn', 'a service died and is started again', { service: part.title })
    for (;;) {
      const back = await launch(order)
      if (E.isRight(back) || order !== orders) return
      part.logger.log('error', back.left, { service: part.title })
      await after(REVIVE_MILLIS)
    }
  }

  const launch = async (order: number): Promise<E.Either<string, void>> => {
    await mkdir(dirname(part.logFile), { recursive: true, mode: 0o700 })
    const log = await open(part.logFile, 'a', 0o600)
    if (order !== orders) {
      await log.close()
      return E.left(`${part.title} is not wanted any more`)
    }
    const started = fork(mainOf(part.service), [], {
      // Only its very first start may make logs: later a missing one is a failure.
      env: { ...process.env, ...part.environment(), ...(wasReady ? { HSMLAB_NEW: 'false' } : {}) },
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
    if (child === started) child = undefined
    return E.left(complaint.trim() === '' ? `${part.title} ended before it was ready` : complaint.trim())
  }

  /** Takes the process out of our hands first, so that its end is no death. */
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    orders += 1
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
    start: () => launch((orders += 1)),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
