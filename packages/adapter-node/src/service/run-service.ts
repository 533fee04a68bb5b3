import { once } from 'node:events'
import * as E from 'fp-ts/lib/Either.js'

/** A service that runs, and how it ends in good order. */
export type RunningService = Readonly<{ stop: () => Promise<void> }>

/**
 * Starts a service and runs it until SIGTERM, SIGINT, or the end of its parent. What keeps it from starting stands on
 * standard error; the result is the exit status: 0 for a good end, 1 when it did not start.
 */
export const runService = async (
  name: string,
  start: () => Promise<E.Either<string, RunningService>>,
): Promise<number> => {
  process.umask(0o077)
  const started = await start()
  if (E.isLeft(started)) {
    process.stderr.write(`${name}: ${started.left}\n`)
    return 1
  }
  // Whoever started this process and waits for it is told over the channel between them, if there is one.
  process.send?.('ready')
  const ended = process.connected ? once(process, 'disconnect') : new Promise(() => undefined)
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), ended])
  await started.right.stop()
  return 0
}
