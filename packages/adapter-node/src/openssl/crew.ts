import { Worker } from 'node:worker_threads'
import { type CryptoResult, failed } from '@hsmlab/crypto'
import { type HeavyJob, type HeavyReply, runHeavyJob } from './heavy-job.ts'

/** Jobs that may wait; beyond it the HSM is busy, and says so. */
const QUEUE_MAX = 4096
/** Jobs a worker holds at a time: one under way, and one that is there when it ends. */
const WORKER_JOBS_MAX = 2
/** Threads that may die before no more are started, and all is computed here. */
const LOSSES_MAX = 10

type Waiting = Readonly<{ job: HeavyJob; settle: (result: CryptoResult) => void }>
type Member = { readonly worker: Worker; isReady: boolean; readonly pending: Array<Waiting> }

/**
 * Who computes what takes over 100 µs: this thread when nobody else waits (a hop to another one and back costs about
 * as much as it saves), worker threads when others do.
 */
export interface Crew {
  /** CKR_FUNCTION_FAILED when too many wait, CKR_DEVICE_ERROR when the thread died over it. Never rejects. */
  readonly run: (job: HeavyJob) => Promise<CryptoResult>
  /** Tells that a short operation took place: others do use this thread. */
  readonly noteShort: () => void
  /** Ends the threads; what waits ends with CKR_DEVICE_ERROR. */
  readonly close: () => Promise<void>
}

const workerFile = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './heavy-worker.ts' : './heavy-worker.js', import.meta.url)

/** At most `size` threads, started when jobs first meet each other. */
export const crew = (size: number): Crew => {
  const queue: Array<Waiting> = []
  const members = new Set<Member>()
  let losses = 0
  let shortOperations = 0
  let isScheduled = false
  let isClosed = false

  const lose = (member: Member): void => {
    if (members.delete(member)) losses++
    for (const { settle } of member.pending.splice(0)) settle(failed('CKR_DEVICE_ERROR'))
    schedule()
  }

  const hire = (): void => {
    const worker = new Worker(workerFile())
    const member: Member = { worker, isReady: false, pending: [] }
    worker.unref()
    worker.on('message', (reply: HeavyReply) => {
      if (reply === 'ready') member.isReady = true
      else member.pending.shift()?.settle(reply)
      if (member.pending.length === 0) worker.unref()
      schedule()
    })
    worker.on('error', () => lose(member))
    worker.on('exit', () => lose(member))
    members.add(member)
  }

  const runHere = ({ job, settle }: Waiting): void => settle(runHeavyJob(job))

  const give = (member: Member, waiting: Waiting): void => {
    member.worker.ref()
    member.pending.push(waiting)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    member.worker.postMessage(waiting.job)
  }

  const leastBusy = (): Member | undefined => {
    let best: Member | undefined
    for (const member of members) {
      const isFree = member.isReady && member.pending.length < WORKER_JOBS_MAX
      if (isFree && (best === undefined || member.pending.length < best.pending.length)) best = member
    }
    return best
  }

  const isAlone = (): boolean =>
    queue.length === 1 && shortOperations === 0 && [...members].every(({ pending }) => pending.length === 0)

  const handOut = (): void => {
    while (members.size < size && losses < LOSSES_MAX) hire()
    for (let member = leastBusy(); member !== undefined; member = leastBusy()) {
      const next = queue.shift()
      if (next === undefined) return
      give(member, next)
    }
  }

  const drain = (): void => {
    isScheduled = false
    const alone = isAlone()
    shortOperations = 0
    if (!alone) handOut()
    const isAnyReady = [...members].some(({ isReady }) => isReady)
    if (!alone && isAnyReady) return
    const next = queue.shift()
    if (next === undefined) return
    runHere(next)
    schedule()
  }

  /** After this turn's input: then all jobs that came together are known. */
  const schedule = (): void => {
    if (isScheduled || queue.length === 0) return
    isScheduled = true
    setImmediate(drain)
  }

  return {
    run: (job) =>
      new Promise((resolve) => {
        if (isClosed || queue.length >= QUEUE_MAX) {
          resolve(failed(isClosed ? 'CKR_DEVICE_ERROR' : 'CKR_FUNCTION_FAILED'))
          return
        }
        queue.push({ job, settle: resolve })
        schedule()
      }),
    noteShort: () => {
      shortOperations++
    },
    close: async () => {
      isClosed = true
      for (const { settle } of queue.splice(0)) settle(failed('CKR_DEVICE_ERROR'))
      await Promise.all([...members].map(({ worker }) => worker.terminate()))
    },
  }
}
