import type { Clock } from '@hsmlab/ports'
import type { ControllerSettings } from './controller-env.ts'
import type { Step } from './plan.ts'

/** `done`: reported. `soon`: on its way, look again. `later`: refused or without an answer, try again after a while. */
export type StepOutcome = 'done' | 'soon' | 'later'

export interface StepRunner {
  /** Starts what is planned and not under way, and forgets what is no longer planned. */
  readonly follow: (planned: ReadonlyMap<string, Step>) => void
  readonly isIdle: () => boolean
  readonly stop: () => void
}

type Entry = { attempts: number; isRunning: boolean; cancel: (() => void) | undefined }

/**
 * Runs the steps of a plan, different ones at the same time. One that is not done is tried again after a pause that
 * doubles up to a limit, as long as it is planned.
 */
export const stepRunner = (
  clock: Clock,
  pause: ControllerSettings['retryMillis'],
  run: (step: Step) => Promise<StepOutcome>,
  replan: () => ReadonlyMap<string, Step>,
): StepRunner => {
  const entries = new Map<string, Entry>()
  let isStopped = false

  const attempt = async (key: string, entry: Entry, step: Step): Promise<void> => {
    entry.isRunning = true
    const outcome = await run(step)
    entry.isRunning = false
    if (isStopped) return
    const planned = replan()
    const next = planned.get(key)
    if (outcome === 'done') entry.attempts = 0
    if (next === undefined) entries.delete(key)
    else schedule(key, entry, Math.max(next.waitMillis, pauseAfter(entry, outcome)))
    follow(planned)
  }

  const pauseAfter = (entry: Entry, outcome: StepOutcome): number => {
    const most = outcome === 'soon' ? pause.mostWaiting : pause.most
    const millis = Math.min(most, pause.first * 2 ** entry.attempts)
    entry.attempts = Math.min(entry.attempts + 1, 30)
    return millis
  }

  /** What the step is by then, the plan says: a wait may have outlived it. */
  const schedule = (key: string, entry: Entry, waitMillis: number): void => {
    entry.cancel = clock.after(waitMillis, () => {
      entry.cancel = undefined
      const step = replan().get(key)
      if (step === undefined) entries.delete(key)
      else void attempt(key, entry, step)
    })
  }

  const follow = (planned: ReadonlyMap<string, Step>): void => {
    if (isStopped) return
    for (const [key, entry] of entries) {
      if (planned.has(key) || entry.isRunning) continue
      entry.cancel?.()
      entries.delete(key)
    }
    for (const [key, step] of planned) {
      if (entries.has(key)) continue
      const entry: Entry = { attempts: 0, isRunning: false, cancel: undefined }
      entries.set(key, entry)
      schedule(key, entry, step.waitMillis)
    }
  }

  return {
    follow,
    isIdle: () => entries.size === 0,
    stop: () => {
      isStopped = true
      for (const entry of entries.values()) entry.cancel?.()
    },
  }
}
