import { type MessagePort, parentPort } from 'node:worker_threads'
import { type HeavyJob, type HeavyReply, runHeavyJob } from './heavy-job.ts'

const reply = (port: MessagePort, message: HeavyReply): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  port.postMessage(message)
}

/** A thread of the crew: says when it is ready; then jobs in, results out, in order. */
const serve = (port: MessagePort): void => {
  port.on('message', (job: HeavyJob) => reply(port, runHeavyJob(job)))
  reply(port, 'ready')
}

if (parentPort !== null) serve(parentPort)
