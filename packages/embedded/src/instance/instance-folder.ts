import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { type InstanceKeys, makeInstanceKeys } from '@hsmlab/application'
import {
  type InstancePaths,
  instancePaths,
  readServiceKeys,
  type ServiceKeysFailure,
  writeSecretFile,
} from '@hsmlab/adapter-node/local'
import type { CryptoEngine } from '@hsmlab/crypto'
import type { AvailabilityZone } from '@hsmlab/domain'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { Random } from '@hsmlab/ports'
import { AuditSinkKeys, ClientProxyKeys, ControllerKeys, RackKeys } from '@hsmlab/protocol/local'

export type InstanceFailure =
  /** HSMs lie there, and the keys by which the services know each other are gone or cannot be read. */
  ServiceKeysFailure | Tagged<'FolderUnavailable', { path: string; cause: unknown }>

/** `isNew`: nothing was there before. `logsToMake`: no start has come so far that all its logs were made. */
export type Instance = Readonly<{ paths: InstancePaths; keys: InstanceKeys; isNew: boolean; logsToMake: boolean }>

/** Lies beside the keys of an instance whose logs are still to be made. */
const LOGS_TO_MAKE = 'logs-to-make'

const text = <A>(codec: t.Type<A, unknown>, keys: A): string => `${JSON.stringify(codec.encode(keys), undefined, 2)}\n`

const readKeys = async (paths: InstancePaths): Promise<E.Either<InstanceFailure, InstanceKeys>> => {
  const controller = await readServiceKeys(paths.controllerKeys, ControllerKeys)
  if (E.isLeft(controller)) return controller
  const auditSink = await readServiceKeys(paths.auditSinkKeys, AuditSinkKeys)
  if (E.isLeft(auditSink)) return auditSink
  const clientProxy = await readServiceKeys(paths.clientProxyKeys, ClientProxyKeys)
  if (E.isLeft(clientProxy)) return clientProxy
  const racks: RackKeys[] = []
  for (const { availabilityZone } of controller.right.racks) {
    const rack = await readServiceKeys(paths.rackKeys(availabilityZone), RackKeys)
    if (E.isLeft(rack)) return rack
    racks.push(rack.right)
  }
  return E.right({ controller: controller.right, racks, auditSink: auditSink.right, clientProxy: clientProxy.right })
}

const entries = async (folder: string): Promise<ReadonlyArray<string>> => readdir(folder).catch(() => [])

/** All keys or none: written beside their place, then moved there. */
const writeKeys = async (paths: InstancePaths, keys: InstanceKeys): Promise<void> => {
  const draft = instancePaths(join(paths.root, 'keys.draft'))
  await rm(draft.root, { recursive: true, force: true })
  await writeSecretFile(draft.controllerKeys, text(ControllerKeys, keys.controller))
  await writeSecretFile(draft.auditSinkKeys, text(AuditSinkKeys, keys.auditSink))
  await writeSecretFile(draft.clientProxyKeys, text(ClientProxyKeys, keys.clientProxy))
  for (const rack of keys.racks) await writeSecretFile(draft.rackKeys(rack.availabilityZone), text(RackKeys, rack))
  await writeSecretFile(join(draft.keys, LOGS_TO_MAKE), '')
  await rename(draft.keys, paths.keys)
  await rm(draft.root, { recursive: true, force: true })
}

/**
 * Opens the folder of an instance, and makes its keys the first time. A folder that holds HSMs and no keys is left as
 * it is.
 */
export const openInstance = async (
  dataDirectory: string,
  engine: Pick<CryptoEngine, 'ed25519' | 'x25519'>,
  random: Random,
  zones: ReadonlyArray<AvailabilityZone>,
): Promise<E.Either<InstanceFailure, Instance>> => {
  const paths = instancePaths(dataDirectory)
  try {
    await mkdir(paths.root, { recursive: true, mode: 0o700 })
    const kept = await entries(paths.keys)
    if (kept.length > 0) {
      const keys = await readKeys(paths)
      if (E.isLeft(keys)) return keys
      return E.right({ paths, keys: keys.right, isNew: false, logsToMake: kept.includes(LOGS_TO_MAKE) })
    }
    if ((await entries(paths.hsms)).length > 0) return E.left({ _tag: 'InstanceKeysMissing', path: paths.keys })
    const keys = makeInstanceKeys(engine, random, zones)
    return E.right({ paths, keys, isNew: true, logsToMake: true })
  } catch (cause) {
    return E.left({ _tag: 'FolderUnavailable', path: paths.root, cause })
  }
}

/** Writes down the keys of a new instance for services that make its logs. `keepInstance` follows when they have. */
export const lendKeys = async ({ paths, keys, isNew }: Instance): Promise<void> => {
  if (isNew) await writeKeys(paths, keys)
}

/** Called when the logs of an instance have been made: from now on a missing one is noticed. */
export const keepInstance = async (instance: Instance): Promise<void> => {
  const { paths } = instance
  if ((await entries(paths.keys)).length === 0) await lendKeys(instance)
  await rm(join(paths.keys, LOGS_TO_MAKE), { force: true })
}

/** A start that was cut short before its keys were kept left logs that nobody can open: they hold nothing. */
export const clearUnfinished = async ({ paths, isNew }: Instance): Promise<void> => {
  if (!isNew) return
  for (const folder of [paths.controller, paths.audit]) await rm(folder, { recursive: true, force: true })
}
