import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { levelDisk, levelStorage } from '@hsmlab/adapter-leveldb'
import {
  CONTROLLER_LOG_IDENTITY,
  describeOpenFailure,
  type HasSha256,
  inspectLog,
  payloadOf,
  readDeviceKeys,
} from '@hsmlab/application'
import { type HsmId, HsmIdCodec } from '@hsmlab/domain'
import { instancePaths, readServiceKeys } from '@hsmlab/adapter-node/local'
import { fromBase64 } from '@hsmlab/event-sourcing'
import type { DeviceHome, Disk } from '@hsmlab/ports'
import { ControllerKeys, type LogName } from '@hsmlab/protocol/local'
import type { Problem } from '../outcome.ts'
import type { Logs, LogSource } from './log-source.ts'
import type { MacKeyOf } from './running-logs.ts'

type Homes = ReadonlyMap<HsmId, DeviceHome>

/** The folders of all HSMs, below their zones. */
const hsmHomes = async (folder: string): Promise<Homes> => {
  const zones = await readdir(folder).catch((): string[] => [])
  const homes = new Map<HsmId, DeviceHome>()
  for (const zone of zones.sort()) {
    const storage = levelStorage(join(folder, zone))
    for (const name of await storage.list()) {
      if (HsmIdCodec.is(name)) homes.set(name, storage.home(name))
    }
  }
  return homes
}

const controllerMacKey = async (dataDirectory: string): Promise<Uint8Array | undefined> => {
  const keys = await readServiceKeys(instancePaths(dataDirectory).controllerKeys, ControllerKeys)
  return E.isLeft(keys) ? undefined : fromBase64(keys.right.logMacKey)
}

/** The MAC keys as they lie in the data folder, for whoever may read it. */
export const storedMacKeys = (dataDirectory: string): MacKeyOf => {
  const homes = hsmHomes(instancePaths(dataDirectory).hsms)
  return async (log) => {
    if (log === 'controller') return controllerMacKey(dataDirectory)
    const home = (await homes).get(log)
    const keys = home === undefined ? undefined : await readDeviceKeys(home.deviceKey)()
    return keys === undefined || E.isLeft(keys) ? undefined : keys.right.macKey
  }
}

const readStored =
  (env: HasSha256, log: LogName, disk: Disk, macKey: () => Promise<Uint8Array | undefined>): LogSource['read'] =>
  async (length = Infinity, visit) => {
    const key = await macKey()
    if (key === undefined) {
      return E.left({ code: 'MacKeyMissing', message: `The key under which ${log}'s log is checked cannot be read.` })
    }
    let wanted = true
    const inspected = await inspectLog(
      { disk, ...env },
      {
        macKey: key,
        identity: log === 'controller' ? CONTROLLER_LOG_IDENTITY : log,
        replay: {
          fromSnapshot: () => false, // Everything is folded again.
          record: (position, record) => {
            if (wanted && position < length) wanted = visit(position, payloadOf(record))
          },
        },
      },
    )()
    if (E.isRight(inspected)) return E.right(undefined)
    const { left } = inspected
    const problem: Problem = { code: left._tag, message: describeOpenFailure(left, log) }
    return E.left(problem)
  }

/** The logs of an instance that does not run, as they lie on the disk. Nothing is changed by reading them. */
export const storedLogs = async (dataDirectory: string, env: HasSha256): Promise<E.Either<Problem, Logs>> => {
  const paths = instancePaths(dataDirectory)
  if (!existsSync(paths.controller)) {
    return E.left({
      code: 'NoHistory',
      message: `There is no history in ${dataDirectory}. Begin one with: npx hsmlab up`,
    })
  }
  const macKeyOf = storedMacKeys(dataDirectory)
  const source = (log: LogName, disk: Disk): LogSource => ({
    log,
    read: readStored(env, log, disk, () => macKeyOf(log)),
    live: undefined,
  })
  const homes = await hsmHomes(paths.hsms)
  const sources = [...homes].map(([hsmId, { disk }]) => source(hsmId, disk))
  return E.right({ isRunning: false, sources: [source('controller', levelDisk(paths.controller)), ...sources] })
}
