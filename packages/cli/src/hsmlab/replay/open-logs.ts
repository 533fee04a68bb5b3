import * as E from 'fp-ts/lib/Either.js'
import { NOT_RUNNING } from '../../shared/connect.ts'
import { connectControl, type ControlClient } from '../control.ts'
import { HASHES } from '../hashes.ts'
import type { Problem } from '../outcome.ts'
import type { Logs } from './log-source.ts'
import { runningLogs } from './running-logs.ts'
import { storedLogs, storedMacKeys } from './stored-logs.ts'

/** The logs of the running product, and from the disk those that nobody runs: of HSMs that are off, or gone. */
const everyLog = async (dataDirectory: string, control: ControlClient): Promise<E.Either<Problem, Logs>> => {
  const running = await runningLogs(control, HASHES, storedMacKeys(dataDirectory))
  if (E.isLeft(running)) return running
  const stored = await storedLogs(dataDirectory, HASHES)
  if (E.isLeft(stored)) return stored
  const owned = new Set(running.right.sources.map(({ log }) => log))
  const others = stored.right.sources.filter(({ log }) => !owned.has(log))
  return E.right({ isRunning: true, sources: [...running.right.sources, ...others] })
}

/** Hands `use` the logs of an instance: streamed by the product when it runs, else read from the disk. */
export const withLogs = async <A>(
  dataDirectory: string,
  use: (logs: Logs) => Promise<E.Either<Problem, A>>,
): Promise<E.Either<Problem, A>> => {
  const control = await connectControl(dataDirectory)
  if (E.isLeft(control) && control.left.code !== NOT_RUNNING) return control
  if (E.isLeft(control)) {
    const stored = await storedLogs(dataDirectory, HASHES)
    return E.isLeft(stored) ? stored : use(stored.right)
  }
  try {
    const logs = await everyLog(dataDirectory, control.right)
    return E.isLeft(logs) ? logs : await use(logs.right)
  } finally {
    control.right.close()
  }
}
