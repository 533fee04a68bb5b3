import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pinoLogger } from '@hsmlab/adapter-node'
import { DEFAULT_CONTROLLER_SETTINGS, REAL_TIME_CONTROLLER_SETTINGS } from '@hsmlab/application'
import { describeStartFailure, type Embedded, startEmbedded, startProcesses } from '@hsmlab/embedded'
import type { Environment } from '../shared/data-directory.ts'
import { packageVersion } from '../shared/version.ts'
import { EXIT, type ExitCode, type Problem } from './outcome.ts'

export type UpOptions = Readonly<{
  dataDirectory: string
  port: number
  empty: boolean
  /** AWS-like minutes instead of milliseconds. */
  realTime: boolean
  /** Given: the services are processes of their own that meet on these NATS servers. */
  natsServers?: ReadonlyArray<string>
  /** Where those show `/varz`; their port 8222 by default. */
  natsMonitors?: ReadonlyArray<string>
  environment: Environment
}>

/** Where the product writes what goes on in it. */
export const logPath = (dataDirectory: string): string => join(dataDirectory, 'hsmlab.log')

/** Starts the product: in this process, or over NATS as processes that this one looks after. */
export const startHere = async (options: UpOptions): Promise<E.Either<Problem, Embedded>> => {
  const { dataDirectory, port, empty, realTime, natsServers = [], natsMonitors = [], environment } = options
  const common = {
    dataDirectory,
    port,
    empty,
    version: packageVersion(),
    logger: pinoLogger({ level: 'info', destination: logPath(dataDirectory) }),
    runtimeDirectory: environment['XDG_RUNTIME_DIR'],
  }
  const started =
    natsServers.length > 0
      ? await startProcesses({
          ...common,
          natsServers,
          natsMonitors: natsMonitors.length > 0 ? natsMonitors : undefined,
          timeScale: realTime ? 'real' : 'fast',
        })
      : await startEmbedded({
          ...common,
          controllerSettings: realTime ? REAL_TIME_CONTROLLER_SETTINGS : DEFAULT_CONTROLLER_SETTINGS,
        })
  if (E.isRight(started)) return started
  return E.left({ code: started.left._tag, message: describeStartFailure(started.left, dataDirectory) })
}

type Signals = Readonly<{ onStopSignal: (run: () => void) => void }>

/** Runs until a signal or `hsmlab down` stops it, then closes what is open. A second signal does not wait for that. */
export const runUntilStopped = async (
  embedded: Embedded,
  { onStopSignal }: Signals,
  say: (text: string) => void,
): Promise<ExitCode> => {
  let stopping = false
  const signalled = new Promise<void>((resolve) =>
    onStopSignal(() => {
      if (stopping) process.exit(EXIT.interrupted)
      stopping = true
      resolve()
    }),
  )
  await Promise.race([signalled, embedded.stopRequested])
  stopping = true
  say('Stopping …\n')
  await embedded.stop()
  say('Stopped.\n')
  return EXIT.done
}
