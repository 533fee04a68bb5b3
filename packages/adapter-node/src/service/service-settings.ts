import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { LogLevel } from '@hsmlab/ports'

/** What every service of the distributed product is told by its environment. */
export type ServiceSettings = Readonly<{
  /** `HSMLAB_DATA`: the data folder, of which a service opens its own part only. */
  dataDirectory: string
  /** `HSMLAB_NATS_URL`: addresses of NATS servers, comma separated. */
  natsServers: ReadonlyArray<string>
  /** `HSMLAB_NATS_MONITOR_URL`: where the servers show `/varz`; their port 8222 by default. */
  natsMonitors: ReadonlyArray<string> | undefined
  /** `HSMLAB_SOCKET`: the Unix socket at which the operator's door reaches this service. */
  socket: string
  /** `HSMLAB_NEW`: `true` at the very first start, when the logs are to be made. */
  isNew: boolean
  /** `HSMLAB_LOG_LEVEL`. */
  logLevel: LogLevel
}>

export type SettingMissing = Tagged<'SettingMissing', { name: string }>

const LogLevelCodec = t.keyof({ debug: null, info: null, warn: null, error: null })

const list = (text: string): ReadonlyArray<string> =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')

type Environment = Readonly<Record<string, string | undefined>>

/** A variable that a service cannot do without. */
export const required = (environment: Environment, name: string): E.Either<SettingMissing, string> => {
  const value = environment[name]
  return value === undefined || value === '' ? E.left({ _tag: 'SettingMissing', name }) : E.right(value)
}

export const readServiceSettings = (environment: Environment): E.Either<SettingMissing, ServiceSettings> => {
  const dataDirectory = required(environment, 'HSMLAB_DATA')
  if (E.isLeft(dataDirectory)) return dataDirectory
  const nats = required(environment, 'HSMLAB_NATS_URL')
  if (E.isLeft(nats)) return nats
  const socket = required(environment, 'HSMLAB_SOCKET')
  if (E.isLeft(socket)) return socket
  const monitors = list(environment['HSMLAB_NATS_MONITOR_URL'] ?? '')
  const level = LogLevelCodec.decode(environment['HSMLAB_LOG_LEVEL'])
  return E.right({
    dataDirectory: dataDirectory.right,
    natsServers: list(nats.right),
    natsMonitors: monitors.length === 0 ? undefined : monitors,
    socket: socket.right,
    isNew: environment['HSMLAB_NEW'] === 'true',
    logLevel: E.isRight(level) ? level.right : 'info',
  })
}
