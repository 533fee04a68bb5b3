import type { Channel } from '@hsmlab/crypto'
import type { Subject } from '@hsmlab/ports'
import {
  CHANNEL_ID_SIZE,
  encodeReplies,
  FRAME_SIZE_MAX,
  REQUEST_HEADER_SIZE,
  type SessionReply,
  type SessionRequest,
} from '@hsmlab/protocol'
import { type Answer, refuse, sessionReply } from './reply.ts'

/** Answers kept for a proxy that asks again. */
const REMEMBERED_ANSWERS_MAX = 1024
/** Replies in one frame: well below the largest frame. */
const FRAME_FILL = FRAME_SIZE_MAX / 2
/** The longest body that a frame carries: channel number, counter, tag and the reply's header beside it. */
const REPLY_BODY_MAX = FRAME_SIZE_MAX - CHANNEL_ID_SIZE - 24 - REQUEST_HEADER_SIZE
/** Replies that wait to be sent. One proxy's questions must not cost an HSM more memory than this. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024

export const BUSY: Answer = refuse('CKR_FUNCTION_FAILED', 'The HSM could not queue the request for processing.', 187)
const TOO_LONG: Answer = refuse('CKR_FUNCTION_FAILED', 'The answer does not fit into a frame.')

/** The first four bytes find a channel; all of them are sealed with each of its frames, so that no other one opens. */
export const channelKey = (header: Uint8Array): number =>
  (header[0] ?? 0) * 0x1_00_0000 + ((header[1] ?? 0) << 16) + ((header[2] ?? 0) << 8) + (header[3] ?? 0)

/** The HSM's end of the channel with one proxy. */
export type ProxyChannel = {
  readonly key: number
  readonly id: string
  readonly header: Uint8Array
  readonly replyTo: Subject
  readonly cipher: Channel
  /** Requests under way by their id, with the size of their bodies. */
  readonly outstanding: Map<number, number>
  outstandingBytes: number
  readonly answers: Map<number, Answer>
  replies: SessionReply[]
  waitingBytes: number
  flushPlanned: boolean
  /** A frame came that only the one who shook hands can have made. */
  proven: boolean
  lastHeard: number
}

export const proxyChannel = (
  made: Pick<ProxyChannel, 'key' | 'id' | 'header' | 'replyTo' | 'cipher' | 'lastHeard'>,
): ProxyChannel => ({
  ...made,
  outstanding: new Map(),
  outstandingBytes: 0,
  answers: new Map(),
  replies: [],
  waitingBytes: 0,
  flushPlanned: false,
  proven: false,
})

export const begin = (channel: ProxyChannel, { requestId, body }: SessionRequest): void => {
  channel.outstanding.set(requestId, body.length)
  channel.outstandingBytes += body.length
}

export const end = (channel: ProxyChannel, { requestId }: SessionRequest): void => {
  channel.outstandingBytes -= channel.outstanding.get(requestId) ?? 0
  channel.outstanding.delete(requestId)
}

export const remember = ({ answers }: ProxyChannel, requestId: number, answer: Answer): void => {
  answers.set(requestId, answer)
  const [oldest] = answers.keys()
  if (answers.size > REMEMBERED_ANSWERS_MAX && oldest !== undefined) answers.delete(oldest)
}

/** Puts an answer among those that wait. */
export const queue = (to: ProxyChannel, requestId: number, answer: Answer): void => {
  const whole = sessionReply(requestId, answer)
  const fitting = whole.body.length <= REPLY_BODY_MAX ? whole : sessionReply(requestId, TOO_LONG)
  const reply = to.waitingBytes + fitting.body.length <= WAITING_BYTES_MAX ? fitting : sessionReply(requestId, BUSY)
  to.replies.push(reply)
  to.waitingBytes += REQUEST_HEADER_SIZE + reply.body.length
}

/** All that waits, as frames; then nothing waits. */
export const takeFrames = (to: ProxyChannel): ReadonlyArray<Uint8Array> => {
  const { replies } = to
  to.replies = []
  to.waitingBytes = 0
  const frames: Uint8Array[] = []
  let batch: SessionReply[] = []
  let size = 0
  for (const reply of replies) {
    const length = REQUEST_HEADER_SIZE + reply.body.length
    if (size + length > FRAME_FILL && batch.length > 0) {
      frames.push(sealed(to, batch))
      batch = []
      size = 0
    }
    batch.push(reply)
    size += length
  }
  if (batch.length > 0) frames.push(sealed(to, batch))
  return frames
}

const sealed = ({ cipher, header }: ProxyChannel, replies: ReadonlyArray<SessionReply>): Uint8Array => {
  const frame = cipher.seal(encodeReplies(replies), header, CHANNEL_ID_SIZE)
  frame.set(header)
  return frame
}
