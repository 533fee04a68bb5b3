import { setTimeout as after } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { withControl } from './control.ts'
import { type Outcome, told } from './outcome.ts'

const POLL_MILLIS = 20
/** Logs are closed within moments; a machine under load may take longer. */
const STOP_MILLIS_MAX = 30_000

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}

/** Resolves to true when the process is gone. */
const gone = async (pid: number): Promise<boolean> => {
  const deadline = Date.now() + STOP_MILLIS_MAX
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false
    await after(POLL_MILLIS)
  }
  return true
}

/** Stops the product that runs on `dataDirectory`, and waits until it is gone. */
export const down = (dataDirectory: string): Promise<Outcome> =>
  withControl(dataDirectory, async (control): Promise<Outcome> => {
    const answer = await control.call('down', {})
    if (E.isLeft(answer)) return answer
    control.close()
    const { pid } = answer.right
    if (!(await gone(pid))) return E.left({ code: 'StillRunning', message: `Process ${pid} does not end.` })
    return E.right(told({ pid, stopped: true }, `Stopped (pid ${pid}).`))
  })
