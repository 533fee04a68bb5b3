import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { opensslEngine, systemClock, systemRandom } from '@hsmlab/adapter-node'
import {
  listenOnUnixSocket,
  removeInstanceFile,
  socketPath,
  takePidFile,
  writeInstanceFile,
} from '@hsmlab/adapter-node/local'
import { controlHandlers, remoteAudit, remoteController, remoteRack } from '@hsmlab/application'
import type { AvailabilityZone } from '@hsmlab/domain'
import type { Logger } from '@hsmlab/ports'
import {
  AUDIT_METHODS,
  CONTROL_METHODS,
  CONTROLLER_METHODS,
  type InstanceFile,
  RACK_METHODS,
  serveLocal,
} from '@hsmlab/protocol/local'
import { clearUnfinished, type Instance, keepInstance, lendKeys, openInstance } from '../instance/instance-folder.ts'
import { instanceVariables } from '../instance/instance-variables.ts'
import { makeReadyMade } from '../ready-made/make-ready-made.ts'
import { READY_MADE } from '../ready-made/facts.ts'
import { DEFAULT_ZONES, type Embedded } from '../start-embedded.ts'
import type { StartFailure } from '../start-failure.ts'
import { doorClient } from './door-client.ts'
import { type ServiceName, type ServiceProcess, serviceProcess } from './service-process.ts'

export type ProcessesOptions = Readonly<{
  dataDirectory: string
  natsServers: ReadonlyArray<string>
  /** Where the servers show `/varz`; their port 8222 by default. */
  natsMonitors?: ReadonlyArray<string> | undefined
  port: number
  empty: boolean
  logger: Logger
  version: string
  timeScale: 'fast' | 'real'
  runtimeDirectory?: string | undefined
}>

type Closers = Array<() => Promise<unknown>>

const closeAll = async (closers: Closers): Promise<void> => {
  for (const close of [...closers].reverse()) await close()
}

/** Starts all at once. Resolves to what the first one said that could not start, and waits for no other then. */
const startAll = (services: ReadonlyArray<ServiceProcess>): Promise<string | undefined> =>
  new Promise((resolve) => {
    const startOne = async (service: ServiceProcess): Promise<void> => {
      const started = await service.start()
      if (E.isLeft(started)) resolve(started.left)
    }
    void Promise.all(services.map(startOne)).then(() => resolve(undefined))
  })

/**
 * Starts the product as processes that meet only on NATS: controller, one hsm-node for each zone, audit sink, client
 * proxy. This process keeps the operator's door, and starts again what dies.
 */
export const startProcesses = async (options: ProcessesOptions): Promise<E.Either<StartFailure, Embedded>> => {
  const closers: Closers = []
  const fail = async (failure: StartFailure): Promise<E.Either<StartFailure, never>> => {
    await closeAll(closers)
    return E.left(failure)
  }
  await mkdir(options.dataDirectory, { recursive: true, mode: 0o700 })
  const held = await takePidFile(join(options.dataDirectory, 'pid'))
  if (E.isLeft(held)) return held
  closers.push(held.right.release)
  const engine = opensslEngine()
  closers.push(() => engine.close())
  const opened = await openInstance(options.dataDirectory, engine, systemRandom, DEFAULT_ZONES)
  if (E.isLeft(opened)) return fail(opened.left)
  const instance: Instance = opened.right
  await clearUnfinished(instance)
  await lendKeys(instance)

  const { root } = instance.paths
  const socket = (name: string): string => socketPath(root, name, options.runtimeDirectory)
  const common = {
    HSMLAB_DATA: root,
    HSMLAB_NATS_URL: options.natsServers.join(','),
    HSMLAB_NATS_MONITOR_URL: (options.natsMonitors ?? []).join(','),
    HSMLAB_NEW: String(instance.logsToMake),
    HSMLAB_TIME_SCALE: options.timeScale,
    HSMLAB_PKCS11_SOCKET: socket('pkcs11.sock'),
  }
  /** 0 until the first controller has chosen one; its successors are found at the same. */
  let port = options.port
  const processes = new Map<string, ServiceProcess>()

  const service = (name: ServiceName, title: string, own: Readonly<Record<string, string>>): ServiceProcess => {
    const made = serviceProcess({
      service: name,
      title,
      environment: () => ({ ...common, HSMLAB_PORT: String(port), ...own }),
      logFile: join(root, 'log', `${title}.log`),
      logger: options.logger,
    })
    processes.set(title, made)
    return made
  }

  const rackSocket = (zone: AvailabilityZone): string => socket(`hsm-node-${zone}.sock`)
  const racks = DEFAULT_ZONES.map((zone) => ({
    zone,
    process: service('hsm-node', `hsm-node-${zone}`, { HSMLAB_ZONE: zone, HSMLAB_SOCKET: rackSocket(zone) }),
  }))
  const controllerSocket = socket('controller.sock')
  const auditSocket = socket('audit-sink.sock')
  const clientSocket = socket('client.sock')
  service('controller', 'controller', { HSMLAB_SOCKET: controllerSocket })
  service('audit-sink', 'audit-sink', { HSMLAB_SOCKET: auditSocket })
  service('client-proxy', 'client-proxy', { HSMLAB_SOCKET: clientSocket })
  closers.push(async () => {
    // Clients first, so that what they end is still heard by the HSMs.
    await processes.get('client-proxy')?.stop()
    await Promise.all([...processes.values()].map((each) => each.stop()))
  })
  const complaint = await startAll([...processes.values()])
  if (complaint !== undefined) return fail({ _tag: 'ServiceFailed', complaint })
  await keepInstance(instance)

  const controllerClient = doorClient(controllerSocket, CONTROLLER_METHODS)
  const shown = await controllerClient.call('clusters', {})
  if (E.isLeft(shown)) return fail({ _tag: 'ServiceFailed', complaint: shown.left.message })
  port = Number(new URL(shown.right.endpoint).port)
  const file: InstanceFile = {
    version: 1,
    pid: process.pid,
    controlSocket: socket('control.sock'),
    clientSocket,
    pkcs11Socket: common.HSMLAB_PKCS11_SOCKET,
    endpoint: shown.right.endpoint,
    region: READY_MADE.region,
  }

  let requestStop = (): void => undefined
  const stopRequested = new Promise<void>((resolve) => {
    requestStop = resolve
  })
  const power = (rack: ServiceProcess) => ({
    crash: rack.kill,
    restart: async () => {
      const back = await rack.start()
      if (E.isLeft(back)) options.logger.log('error', back.left, { service: rack.title })
    },
  })
  const handlers = controlHandlers({
    engine,
    facts: {
      version: options.version,
      pid: process.pid,
      dataDirectory: root,
      startedAtMicros: systemClock.wallMicros(),
      variables: instanceVariables(file, root),
    },
    racks: racks.map(({ zone, process: rack }) =>
      remoteRack(zone, doorClient(rackSocket(zone), RACK_METHODS), power(rack)),
    ),
    controller: remoteController(controllerClient),
    audit: remoteAudit(doorClient(auditSocket, AUDIT_METHODS), async () => doorClient(auditSocket, AUDIT_METHODS)),
    stop: requestStop,
  })
  const control = await listenOnUnixSocket(file.controlSocket, (connection) =>
    serveLocal(CONTROL_METHODS, { handlers, ended: () => undefined }, connection),
  )()
  if (E.isLeft(control)) return fail({ _tag: 'SocketFailed', path: file.controlSocket, cause: control.left })
  closers.push(control.right.close)

  const made = options.empty
    ? E.right(undefined)
    : await makeReadyMade({
        clock: systemClock,
        dataDirectory: root,
        endpoint: file.endpoint,
        clientSocket,
        zones: DEFAULT_ZONES,
      })
  if (E.isLeft(made)) return fail(made.left)
  await writeInstanceFile(root, file)
  closers.push(() => removeInstanceFile(root))

  let ending: Promise<void> | undefined
  return E.right({
    instance: file,
    readyMade: made.right,
    stopRequested,
    stop: () => (ending ??= closeAll(closers)),
  })
}
