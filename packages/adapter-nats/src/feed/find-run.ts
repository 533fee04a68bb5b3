import type { JetStreamManager, StoredMsg } from 'nats'
import { errorCodeOf, MESSAGE_NOT_FOUND } from './feed-stream.ts'
import { readRun } from './run-header.ts'

/** The first message of `subject` at or after sequence `seq`, read from the stream's leader. */
const messageFrom = async (
  manager: JetStreamManager,
  stream: string,
  subject: string,
  seq: number,
): Promise<StoredMsg | undefined> => {
  try {
    const query = { seq, next_by_subj: subject }
    return await manager.streams.getMessage(stream, query)
  } catch (cause) {
    if (errorCodeOf(cause) === MESSAGE_NOT_FOUND) return undefined
    throw cause
  }
}

/**
 * The stream sequence at which the run that reaches `position` stands, or would stand, found in some twenty reads.
 * Where runs were published out of order it may point too far: whoever starts there and misses its position starts at 1.
 */
export const sequenceOf = async (
  manager: JetStreamManager,
  stream: string,
  subject: string,
  position: number,
): Promise<number> => {
  const { state } = await manager.streams.info(stream)
  let low = state.first_seq
  let high = state.last_seq + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const message = await messageFrom(manager, stream, subject, middle)
    const run = message === undefined ? undefined : readRun(message.header)
    if (message !== undefined && (run === undefined || run.to < position)) low = message.seq + 1
    else high = middle
  }
  return low
}

/** The message that carries the run which reaches `position`, if the stream holds one. */
export const messageAt = async (
  manager: JetStreamManager,
  stream: string,
  subject: string,
  position: number,
): Promise<StoredMsg | undefined> =>
  messageFrom(manager, stream, subject, await sequenceOf(manager, stream, subject, position))
