import { once } from 'node:events'
import * as E from 'fp-ts/lib/Either.js'

/** A service that runs, and how it ends in good order. */
export type RunningService = Readonly<{ stop: () => Promise<void> }>

/**
 * Starts a service and runs it until SIGTERM, SIGINT, or the end of its parent. What keeps it from starting stands on
 * standard error, and the process ends with status 1; the result is the exit status of a good end, 0.
 */
export const runService = async (
  name: string,
  start: () => Promise<E.Either<string, RunningService>>,
): Promise<number> => {
  process.umask(0o077)
  const started = await start()
  if (E.isLeft(started)) {
    process.stderr.write(`${name}: ${started.left}\n`)
    // What it had opened by then, such as a connection that is made again for ever, would keep it running.
    process.exit(1)
  }
  // Whoever started this process and waits for it is told over the channel between them, if there is one.
  process.send?.('ready')
  const ended = process.connected ? once(process, 'disconnect') : new Promise(() => undefined)
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), ended])
  await started.right.stop()
  // Whoever waits for the end of the channel keeps it open, and the channel the process.
  if (process.connected) process.disconnect()
  return 0
}
