import { parentPort } from 'node:worker_threads'
import { type HeavyJob, runHeavyJob } from './heavy-job.ts'

/** A thread of the crew: jobs in, results out, in order. */
parentPort?.on('message', (job: HeavyJob) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(runHeavyJob(job))
})
