import * as E from 'fp-ts/lib/Either.js'
import { NOT_RUNNING } from '../../shared/connect.ts'
import { connectControl } from '../control.ts'
import { HASHES } from '../hashes.ts'
import type { Problem } from '../outcome.ts'
import type { Logs } from './log-source.ts'
import { runningLogs } from './running-logs.ts'
import { storedLogs, storedMacKeys } from './stored-logs.ts'

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
    const running = await runningLogs(control.right, HASHES, storedMacKeys(dataDirectory))
    return E.isLeft(running) ? running : await use(running.right)
  } finally {
    control.right.close()
  }
}
