import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { levelDisk, levelStorage } from '@hsmlab/adapter-leveldb'
import {
  hardwareIssuer,
  nodeCertificateVerifier,
  openHardwareRoots,
  type OpensslEngine,
  opensslEngine,
  serveHttp,
  systemClock,
  systemRandom,
} from '@hsmlab/adapter-node'
import {
  clientFiles,
  keepCustomerCas,
  listenOnUnixSocket,
  removeInstanceFile,
  serveUnixSocket,
  socketPath,
  takePidFile,
  writeInstanceFile,
} from '@hsmlab/adapter-node/local'
import {
  type AuditSink,
  type ClientProxy,
  type Controller,
  type ControllerSettings,
  controlHandlers,
  DEFAULT_CONTROLLER_SETTINGS,
  DEFAULT_HSM_SETTINGS,
  type HsmEnv,
  localAudit,
  localController,
  type LocalRack,
  localRack,
  openAuditSink,
  openController,
  pkcs11Door,
  startClientProxy,
} from '@hsmlab/application'
import { awsApi, BODY_SIZE_MAX } from '@hsmlab/aws-api'
import type { AvailabilityZone } from '@hsmlab/domain'
import { fromBase64 } from '@hsmlab/event-sourcing'
import type { Logger } from '@hsmlab/ports'
import { memoryBus } from '@hsmlab/ports/memory'
import { CONTROL_METHODS, type InstanceFile, serveLocal } from '@hsmlab/protocol/local'
import type { StartFailure } from './start-failure.ts'
import { instanceVariables } from './instance/instance-variables.ts'
import { clearUnfinished, type Instance, keepInstance, openInstance } from './instance/instance-folder.ts'
import { withClusterKeyAhead } from './ready-made/cluster-key-ahead.ts'
import { makeReadyMade, type ReadyMade } from './ready-made/make-ready-made.ts'

export const DEFAULT_ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'] as ReadonlyArray<string> as AvailabilityZone[]
const REGION = 'us-east-1'
const AUDIT_PERIOD_MILLIS = 500

export type EmbeddedOptions = Readonly<{
  dataDirectory: string
  /** TCP port of the AWS endpoint on 127.0.0.1; 0 for any. */
  port: number
  /** Without the ready-made cluster. */
  empty: boolean
  logger: Logger
  version: string
  controllerSettings?: ControllerSettings
  /** Where sockets go whose path would be too long. */
  runtimeDirectory?: string | undefined
}>

/** A running product in this process. */
export interface Embedded {
  readonly instance: InstanceFile
  readonly readyMade: ReadyMade | undefined
  /** Resolves when somebody asked it to stop (`hsmlab down`). */
  readonly stopRequested: Promise<void>
  readonly stop: () => Promise<void>
}

type Closers = Array<() => Promise<unknown>>

const closeAll = async (closers: Closers): Promise<void> => {
  // What was opened last is closed first: doors, then rooms, then the instance.
  for (const close of [...closers].reverse()) await close()
}

type Rooms = Readonly<{ racks: ReadonlyArray<LocalRack>; controller: Controller; sink: AuditSink; proxy: ClientProxy }>

const openRooms = async (
  instance: Instance,
  options: EmbeddedOptions,
  engine: OpensslEngine,
  closers: Closers,
): Promise<E.Either<StartFailure, Rooms>> => {
  const { paths, keys, logsToMake } = instance
  const { logger } = options
  const clock = systemClock
  const bus = memoryBus({ clock, turn: setImmediate })
  const roots = await openHardwareRoots(paths.hardware, clock.wallMicros())()
  if (E.isLeft(roots)) return roots
  const env = { bus, clock, random: systemRandom, logger, engine, certificates: nodeCertificateVerifier }
  const controllerSigningKey = fromBase64(keys.controller.signingKey.publicKey)

  const racks = await Promise.all(
    keys.racks.map((rack) => {
      const backupAuthorities = { manufacturerKey: fromBase64(rack.manufacturerKey), awsKey: fromBase64(rack.awsKey) }
      const hsmEnv: HsmEnv = {
        ...env,
        hardware: hardwareIssuer(roots.right),
        settings: DEFAULT_HSM_SETTINGS,
        backupAuthorities,
      }
      return localRack(hsmEnv, {
        availabilityZone: rack.availabilityZone,
        rackKey: {
          privateKey: fromBase64(rack.channelKey.privateKey),
          publicKey: fromBase64(rack.channelKey.publicKey),
        },
        controllerKey: fromBase64(rack.controllerPublicKey),
        storage: levelStorage(paths.hsmsIn(rack.availabilityZone)),
      })
    }),
  )
  closers.push(async () => Promise.all(racks.map((rack) => rack.stop())))

  const controller = await openController(
    { ...env, disk: levelDisk(paths.controller), vault: levelDisk(paths.vault) },
    {
      signingKey: pair(keys.controller.signingKey),
      controllerKey: pair(keys.controller.channelKey),
      racks: new Map(
        keys.controller.racks.map(({ availabilityZone, publicKey }) => [availabilityZone, fromBase64(publicKey)]),
      ),
      logMacKey: fromBase64(keys.controller.logMacKey),
      create: logsToMake,
      settings: options.controllerSettings ?? DEFAULT_CONTROLLER_SETTINGS,
    },
  )()
  if (E.isLeft(controller)) return E.left({ _tag: 'ControllerFailed', cause: controller.left })
  closers.push(controller.right.close)
  keepCustomerCas(controller.right, paths.root)

  const sink = await openAuditSink(
    { ...env, disk: levelDisk(paths.audit) },
    {
      logMacKey: fromBase64(keys.auditSink.logMacKey),
      controllerKey: controllerSigningKey,
      create: logsToMake,
      periodMillis: AUDIT_PERIOD_MILLIS,
    },
  )
  if (E.isLeft(sink)) return sink
  closers.push(sink.right.close)
  await keepInstance(instance)

  const proxy = startClientProxy(
    { ...env, clientFiles: clientFiles(paths.root) },
    { controllerKey: fromBase64(keys.clientProxy.controllerSigningKey) },
  )
  closers.push(proxy.close)
  return E.right({ racks, controller: controller.right, sink: sink.right, proxy })
}

type TextPair = Readonly<{ privateKey: Parameters<typeof fromBase64>[0]; publicKey: Parameters<typeof fromBase64>[0] }>

const pair = ({ privateKey, publicKey }: TextPair) => ({
  privateKey: fromBase64(privateKey),
  publicKey: fromBase64(publicKey),
})

const openDoors = async (
  rooms: Rooms,
  instance: Instance,
  options: EmbeddedOptions,
  engine: OpensslEngine,
  closers: Closers,
  requestStop: () => void,
): Promise<E.Either<StartFailure, InstanceFile>> => {
  const { root } = instance.paths
  const socket = (name: string): string => socketPath(root, name, options.runtimeDirectory)
  const endpoint = await serveHttp(
    awsApi({ controller: rooms.controller, random: systemRandom, logger: options.logger }),
    { host: '127.0.0.1', port: options.port, bodySizeMax: BODY_SIZE_MAX },
  )()
  if (E.isLeft(endpoint)) return E.left({ _tag: 'EndpointUnavailable', port: options.port, cause: endpoint.left })
  closers.push(endpoint.right.close)

  const file: InstanceFile = {
    version: 1,
    pid: process.pid,
    controlSocket: socket('control.sock'),
    clientSocket: socket('client.sock'),
    pkcs11Socket: socket('pkcs11.sock'),
    endpoint: endpoint.right.url,
    region: REGION,
  }
  const pkcs11 = await serveUnixSocket(file.pkcs11Socket, pkcs11Door(rooms.proxy, options.logger))()
  if (E.isLeft(pkcs11)) return E.left({ _tag: 'SocketFailed', path: file.pkcs11Socket, cause: pkcs11.left })
  closers.push(pkcs11.right.close)
  const client = await listenOnUnixSocket(file.clientSocket, rooms.proxy.serveCli)()
  if (E.isLeft(client)) return E.left({ _tag: 'SocketFailed', path: file.clientSocket, cause: client.left })
  closers.push(client.right.close)

  const handlers = controlHandlers({
    engine,
    facts: {
      version: options.version,
      pid: process.pid,
      dataDirectory: root,
      startedAtMicros: systemClock.wallMicros(),
      variables: instanceVariables(file, root),
    },
    racks: rooms.racks,
    controller: localController(rooms.controller),
    audit: localAudit(rooms.sink),
    stop: requestStop,
  })
  const control = await listenOnUnixSocket(file.controlSocket, (connection) =>
    serveLocal(CONTROL_METHODS, { handlers, ended: () => undefined }, connection),
  )()
  if (E.isLeft(control)) return E.left({ _tag: 'SocketFailed', path: file.controlSocket, cause: control.left })
  closers.push(control.right.close)
  return E.right(file)
}

/** Starts the whole product in this process. What it cannot open it names, and leaves as it was. */
export const startEmbedded = async (options: EmbeddedOptions): Promise<E.Either<StartFailure, Embedded>> => {
  const closers: Closers = []
  const fail = async (failure: StartFailure): Promise<E.Either<StartFailure, never>> => {
    await closeAll(closers)
    return E.left(failure)
  }
  await mkdir(options.dataDirectory, { recursive: true, mode: 0o700 })
  const held = await takePidFile(join(options.dataDirectory, 'pid'))
  if (E.isLeft(held)) return held
  closers.push(held.right.release)

  const plainEngine = opensslEngine()
  closers.push(async () => plainEngine.close())
  const instance = await openInstance(options.dataDirectory, plainEngine, systemRandom, DEFAULT_ZONES)
  if (E.isLeft(instance)) return fail(instance.left)
  const engine = instance.right.isNew && !options.empty ? withClusterKeyAhead(plainEngine) : plainEngine
  await clearUnfinished(instance.right)

  let requestStop = (): void => undefined
  const stopRequested = new Promise<void>((resolve) => {
    requestStop = resolve
  })
  const rooms = await openRooms(instance.right, options, engine, closers)
  if (E.isLeft(rooms)) return fail(rooms.left)
  const file = await openDoors(rooms.right, instance.right, options, engine, closers, requestStop)
  if (E.isLeft(file)) return fail(file.left)

  const made = options.empty
    ? E.right(undefined)
    : await makeReadyMade({
        clock: systemClock,
        dataDirectory: instance.right.paths.root,
        endpoint: file.right.endpoint,
        clientSocket: file.right.clientSocket,
        zones: DEFAULT_ZONES,
        onChange: rooms.right.controller.onChange,
      })
  if (E.isLeft(made)) return fail(made.left)
  await rooms.right.proxy.warmUp()
  await writeInstanceFile(instance.right.paths.root, file.right)
  closers.push(() => removeInstanceFile(instance.right.paths.root))

  let stopping: Promise<void> | undefined
  return E.right({
    instance: file.right,
    readyMade: made.right,
    stopRequested,
    stop: () => (stopping ??= closeAll(closers)),
  })
}
